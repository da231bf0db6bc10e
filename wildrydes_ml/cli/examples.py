"""Examples for the help of each verb: what follows the verb on the command line."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("", "--open", "--port 8080 --pictures my-drawings"),
    "deploy": (
        "--local --open",
        "--plan",
        "--preset packaged --model prepared --region eu-west-1",
        "--preset lean --region eu-west-1 --expires 18:00",
        "--set MinScore=0.5 --set ApiAuth=API_KEY",
        "--app my_workshop.py --local",
    ),
    "destroy": ("--local", "--region eu-west-1", "--keep-data", "--expired"),
    "ask": ("--local", "--route 'GET /health'", '--app my_workshop.py \'{"text": "What a wonderful day"}\''),
    "classify": ("unicorn.png", "pictures --save boxes", "--local https://example.org/horse.jpg"),
    "batch": ("s3://my-pictures/2026/", "pictures --local", "s3://my-pictures/2026/ --concurrency 500 --resume"),
    "status": ("", "--local", "--drift", "--all"),
    "logs": ("--follow", "--since 2h", "--local"),
    "class": (
        "deploy students.csv --plan",
        "deploy --count 20 --wired --set ApiAuth=API_KEY",
        "status",
        "deploy students.csv --only anna",
        "destroy",
    ),
    "doctor": ("", "--local", "--region eu-west-1 --profile my-profile"),
    "policy": (
        "--account 123456789012 --region eu-west-1",
        "--for status",
        "--for deploy --out policies",
        "--for participant",
    ),
    "prepare": ("--model my-model --out prepared", "--model https://example.org/model.tar.gz"),
    "render": (
        "",
        "efs_99.yml --out /tmp/review",
        "--check",
        "--app my_workshop.py --out templates",
        "--workshop-studio studio --preset lean",
    ),
    "package": ("", "--out function.zip", "--model prepared --architecture arm64"),
    "completion": (
        "bash > ~/.local/share/bash-completion/completions/wildrydes-ml",
        "zsh > ~/.zfunc/_wildrydes-ml",
        "tcsh >> ~/.tcshrc",
    ),
}
