"""Examples for the help of each verb: what follows the verb on the command line."""

EXAMPLES: dict[str, tuple[str, ...]] = {
    "demo": ("", "--open", "--port 8080 --pictures my-drawings"),
    "deploy": (
        "--local --open",
        "--plan",
        "--preset lean --region eu-west-1",
        "--set MinScore=0.5 --set ApiAuth=API_KEY",
        "--app my_workshop.py --local",
    ),
    "destroy": ("--local", "--region eu-west-1", "--keep-data"),
    "ask": ("--local", "--route 'GET /health'", '--app my_workshop.py \'{"text": "What a wonderful day"}\''),
    "classify": ("unicorn.png", "pictures --save boxes", "--local https://example.org/horse.jpg"),
    "batch": ("s3://my-pictures/2026/", "pictures --local", "s3://my-pictures/2026/ --concurrency 500 --resume"),
    "status": ("", "--local", "--drift"),
    "logs": ("--follow", "--since 2h", "--local"),
    "doctor": ("", "--local", "--region eu-west-1 --profile my-profile"),
    "policy": ("--account 123456789012 --region eu-west-1", "--for status", "--for deploy --out policies"),
    "render": ("", "--check", "--app my_workshop.py --out templates"),
    "package": ("", "--out function.zip"),
    "completion": (
        "bash > ~/.local/share/bash-completion/completions/wildrydes-ml",
        "zsh > ~/.zfunc/_wildrydes-ml",
        "tcsh >> ~/.tcshrc",
    ),
}
