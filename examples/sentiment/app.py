"""Sentiment: is a sentence glad or sad? In a VPC that exists, with a queue, a key, and an open route for a monitor."""

from troposphere import GetAtt
from troposphere.sqs import Queue

from wildrydes_ml import Access, App, ExistingNetwork, Filling, Storage, allow

app = App(
    "sentiment",
    network=ExistingNetwork(zones=2, filler="public"),
    storage=Storage(throughput_mode="elastic"),
    filling=Filling(packages="packages.txt", model="model/"),
    access=Access("API_KEY", rate=5, burst=10),
)
sure = app.parameter("MinConfidence", 0.6, at_least=0, at_most=1)
results = app.add(Queue("Results", SqsManagedSseEnabled=True))
answer = app.function(
    "Answer",
    code="handler/",
    handler="app.answer",
    environment={"QUEUE_URL": results, "MIN_CONFIDENCE": sure},
    may=[allow("sqs:SendMessage", results)],
)
ask = app.route("POST /", answer)
app.route("GET /health", answer, open=True)
app.alarm("Errors", answer.metric("Errors"), above=0)
waiting = ("AWS/SQS", "ApproximateAgeOfOldestMessage", {"QueueName": GetAtt(results, "QueueName")})
app.alarm("Waiting", waiting, above=3600)
app.proof(ask, {"text": "What a wonderful day"}, lambda reply: reply["label"] == "positive")
