"""Has transfers signed as clients of the old transfer service did: transfer.py URL, one transfer in JSON per line.

The service never looked at the content type, so none is sent that would say JSON. It must say that its key is unlocked
first. What is printed is one line of JSON for each answer: status, content type, body.
"""

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


def main():
    url = sys.argv[1]
    status = ask(urllib.request.Request(url + "/status"))
    if json.loads(status[2])["status"] != "ok":
        sys.exit("locked: " + status[2])
    print(json.dumps(status))
    for line in sys.stdin:
        print(json.dumps(ask(urllib.request.Request(url + "/sign", data=line.strip().encode()))))


main()
