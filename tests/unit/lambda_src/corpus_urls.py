"""URLs that try to lead a fetch to where it must not go."""

from __future__ import annotations

PUBLIC = "93.184.216.34"

FORMS = {
    "IPv4 written otherwise": [
        "http://0177.0.0.01/",
        "http://00000177.0.0.1/",
        "http://017700000001/",
        "http://0x7f000001/",
        "http://0x7F.0X0.0x0.0x1/",
        "http://0300.0250.1.1/",
        "http://192.168.257/",
        "http://10.1/",
        "http://2852039166/",
        "http://0xA9FEA9FE/",
        "http://0251.0376.0251.0376/",
        "http://0xa9.254.0251.0xfe/",
    ],
    "IPv4 ranges": [
        "http://0.1.2.3/",
        "http://10.255.255.254/",
        "http://100.127.255.254/",
        "http://127.255.255.254/",
        "http://169.254.169.253/",
        "http://169.254.170.2/v2/credentials/",
        "http://169.254.170.23/v1/credentials",
        "http://172.31.0.2/",
        "http://192.0.0.8/",
        "http://192.0.2.1/",
        "http://192.88.99.1/",
        "http://198.19.255.255/",
        "http://239.255.255.250/",
        "http://240.0.0.1/",
    ],
    "IPv6 ranges": [
        "http://[0:0:0:0:0:0:0:1]/",
        "http://[0000::0001]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::a9fe:a9fe%251]/",
        "http://[febf::1]/",
        "http://[feff::1]/",
        "http://[fd00:ec2::23]/",
        "http://[fd00:ec2::253]/",
        "http://[fdff::1]/",
        "http://[ff05::1:3]/",
        "http://[ff0e::1]/",
        "http://[100::1]/",
        "http://[2001:db8::1]/",
    ],
    "IPv6 beyond 2000::/3": [
        "http://[::2]/",
        "http://[::fffe:7f00:1]/",
        "http://[::1:0:0:0]/",
        "http://[200::1]/",
        "http://[1fff::1]/",
        "http://[4000::1]/",
        "http://[8000::1]/",
        "http://[fe00::1]/",
    ],
    "IPv4 within IPv6": [
        "http://[::ffff:7f00:1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
        "http://[::ffff:127.0.0.1%251]/",
        "http://[::a9fe:a9fe]/",
        "http://[::10.0.0.1]/",
        "http://[::ffff:0:127.0.0.1]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[64:ff9b::10.0.0.1]/",
        "http://[64:ff9b:1::10.0.0.1]/",
        "http://[64:ff9b:1:ffff::a9fe:a9fe]/",
        "http://[2002:a9fe:a9fe::1]/",
        "http://[2002:0a00:0001::]/",
        "http://[2001:0:7f00:1::]/",
    ],
    "disguised": [
        "http://127%2e0%2e0%2e1/",
        "http://%6c%6f%63%61%6c%68%6f%73%74/",
        "http://%31%36%39.254.169.254/",
        "http://LOCALHOST/",
        "http://localhost./",
        "http://127.0.0.1\\.images.example/",
        "http://127.0.0.1:080/",
    ],
}
"""By family: an address that must not be connected to, however it is written. They are url-not-allowed."""

CONFUSING = [
    "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
    "http://\uff11\uff16\uff19.254.169.254/",
    "http://169\u3002254\uff0e169\uff61254/",
    "http://0x7f\u30021/",
    "http://local\u00adhost/",
    "http://\uff4c\uff4f\uff43\uff41\uff4c\uff48\uff4f\uff53\uff54/",
    "http://\uff3b::1\uff3d/",
    "http://127.0.0.1\t/",
    "http://127.0.0.1%00.images.example/",
    "http://images.example@127.0.0.1/",
    "http://images.example:80@127.0.0.1:80/",
    "http://127.0.0.1:80@images.example/",
    "http://[::1]@images.example/",
    "http://images.example%2f@127.0.0.1/",
    "http://@127.0.0.1/",
    "http://:@127.0.0.1/",
    "http:\\\\127.0.0.1\\",
    "http:/127.0.0.1/",
    "http:127.0.0.1/",
    "http:////127.0.0.1/",
    "HTTP://127.0.0.1:80:80/",
    "http://127.0.0.1:\uff18\uff10/",
    "http://127.0.0.1:+80/",
    "http://127.0.0.1: 80/",
    "http://127.0.0.1:22/",
    "http://[::1]:9001/",
    "http://[::1].images.example/",
    "http://[127.0.0.1]/",
    "http://[v1.127]/",
    "ftp://[/",
]
"""Characters and parts that parsers disagree on. They are invalid-url."""

UNKNOWN_NAMES = [
    "http://169.254.169.254./",
    "http://10.0.0.1..",
    "http://images.example%40127.0.0.1/",
]
"""What looks like an address and is a name that nobody has. They are fetch-failed."""

NAMES = {
    "localhost": ["127.0.0.1", "::1"],
    "metadata.example": ["169.254.169.254"],
    "metadata6.example": ["fd00:ec2::254"],
    "mapped.example": ["::ffff:169.254.169.254"],
    "nat64.example": ["64:ff9b::a00:1"],
    "carrier.example": ["100.100.100.200"],
    "unspecified.example": ["0.0.0.0"],
    "multicast.example": ["224.0.0.251"],
    "private-first.example": ["10.0.1.5", PUBLIC],
    "private-last.example": [PUBLIC, PUBLIC, "10.0.1.5"],
    "private6-last.example": [PUBLIC, "fd00::1"],
    "scoped.example": [PUBLIC, "fe80::1%1"],
    "compatible.example": ["::10.0.0.1"],
    "many.example": [*[f"93.184.216.{n}" for n in range(1, 60)], "127.0.0.1"],
    "xn--unicrn-0wa.example": ["192.168.1.1"],
}
"""Names with a forbidden address, at least one. They are url-not-allowed."""

LOCATIONS = {
    "http://10.0.1.5/\xff": "fetch-failed",  # not UTF-8
    "//[": "fetch-failed",
    "http://[::1": "fetch-failed",
    "http://10.0.1.5/\0": "url-not-allowed",
    "http://10.0.1.5/\r X": "url-not-allowed",
    "http://10.0.1.5/\t": "url-not-allowed",
    "//10.0.1.5": "url-not-allowed",
    "//metadata.example/": "url-not-allowed",
    "http://[64:ff9b::a00:1]/": "url-not-allowed",
    "https://images.example:22/": "url-not-allowed",
    "http://images.example/" + "a" * 2048: "url-not-allowed",
    "\\\\10.0.1.5\\": "fetch-failed",  # a path, as all below
    "/\\10.0.1.5/": "fetch-failed",
    "http:\\\\10.0.1.5/": "fetch-failed",
    "http:/10.0.1.5/": "fetch-failed",
    "http:10.0.1.5": "fetch-failed",
    "http:///10.0.1.5/": "fetch-failed",
    "": "fetch-failed",
}
"""What only a redirect can say. What is taken for a path leads round in a circle, on the same host."""

REBINDING = {
    "to loopback": [[PUBLIC], ["127.0.0.1"]],
    "to metadata": [[PUBLIC], ["169.254.169.254"]],
    "to IPv6 loopback": [[PUBLIC], ["::1"]],
    "to a mixed answer": [[PUBLIC], [PUBLIC, "10.0.1.5"]],
    "after several": [[PUBLIC], [PUBLIC], [PUBLIC], ["10.0.1.5"]],
    "away from a forbidden one": [["127.0.0.1"], [PUBLIC]],
}
"""What a name's first, second, ... look-up finds."""
