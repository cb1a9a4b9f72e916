"""Asks for claims as clients of ESMS did: esms.py URL HMAC_KEY, one claim in JSON per line of the input.

It signs exactly the bytes that it sends, with HMAC-SHA256 in upper case, and it wants the welcome of GET / first. What it
prints is one line of JSON for each answer: status, content type, body.
"""

import hashlib
import hmac
import json
import sys
import urllib.error
import urllib.request


def ask(request):
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers.get_content_type(), error.read().decode()


def claim_request(url, key, claim):
    body = json.dumps(claim).encode()
    signature = hmac.new(key, body, hashlib.sha256).hexdigest().upper()
    headers = {"Content-Type": "application/json", "X-GITCOIN-SIG": signature}
    return urllib.request.Request(url + "/v1/sign_claim", data=body, headers=headers)


def main():
    url, key = sys.argv[1], bytes.fromhex(sys.argv[2])
    welcome = ask(urllib.request.Request(url + "/"))
    if welcome[2] != "WELCOME!":
        sys.exit("no ESMS at " + url)
    print(json.dumps(welcome))
    for line in sys.stdin:
        print(json.dumps(ask(claim_request(url, key, json.loads(line)))))


main()
