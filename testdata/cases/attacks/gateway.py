#!/usr/bin/env python3
"""A gateway that lies. gateway.py MODE FOLDER: writes its port to FOLDER/port and the
writing calls that it gets, without their values, to FOLDER/writes."""
import json, os, sys, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

mode, folder = sys.argv[1:]
OWN, LEGACY = "927d50c0f2e54b359919923d908bb015", "523e8dc7bbe04613b5b1d726c2a7889d"
NAME = "api.demo.com"
ONE = {"GroupId": OWN, "GroupName": "own", "RegionId": "cn-hangzhou"}
OTHER = {"GroupId": LEGACY, "GroupName": "legacy", "RegionId": "cn-hangzhou"}
bound = []


def group(gid):
    held = [{"DomainName": NAME, "DomainBindingStatus": "BINDING", "BindStageName": "RELEASE", "CustomDomainType": "INTERNET"}]
    return {"RequestId": "r", "GroupId": gid, "GroupName": "g", "SubDomain": gid + "-cn-hangzhou.alicloudapi.com", "BasePath": "/",
            "InstanceId": "i", "InstanceType": "VPC_SHARED", "HttpsPolicy": "HTTPS2_TLS1_2", "RegionId": "cn-hangzhou", "Status": "NORMAL",
            "StageItems": {"StageInfo": [{"StageId": "1", "StageName": "RELEASE"}]},
            "CustomDomains": {"DomainItem": held if gid == LEGACY or bound else []}}


def listing(page):
    full = lambda n: [{"GroupId": "%032x" % (n * 50 + i)} for i in range(50)]
    total, items = {
        "own-is-missing": (1, [OTHER]),
        "empty": (0, []),
        "negative": (-5, []),
        "no-count": (None, [ONE, OTHER]),
        "the-same-page": (100, full(0)),
        "endless": (10**9, full(page)),
        "count-changes": (2 + page, [ONE, OTHER] if page == 1 else []),
        "a-group-without-id": (2, [ONE, {}]),
    }.get(mode, (1, [ONE]) if mode.startswith("echo") else (2, [ONE, OTHER]))
    answer = {"RequestId": "r", "ApiGroupAttributes": {"ApiGroupAttribute": items}}
    return answer if total is None else dict(answer, TotalCount=total)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def send(self, answer, status=200):
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        params = {k: v[0] for k, v in urllib.parse.parse_qs(body, keep_blank_values=True).items()}
        action = self.headers.get("x-acs-action")
        if action.startswith("Set"):
            with open(folder + "/writes", "a") as f:
                f.write(action + " " + " ".join(sorted(params)) + "\n")
        key = params.get("CertificatePrivateKey", "")
        line = "".join(key.split("\n")[1:3])
        if action == "GetCallerIdentity":
            self.send({"RequestId": "r", "AccountId": "1234567890123456", "Arn": "acs:ram::1234567890123456:user/x"})
        elif action == "DescribeApiGroups":
            self.send(listing(int(params["PageNumber"])))
        elif action == "DescribeApiGroup":
            self.send(group(params["GroupId"]))
        elif action == "DescribeDomain":
            self.send({"RequestId": "r", "DomainName": NAME})
        elif action == "SetDomain":
            bound.append(1)
            self.send({"RequestId": "r", "GroupId": OWN})
        elif mode == "echo-code":
            self.send({"RequestId": "r", "Code": line[:60], "Message": "m"}, 400)
        elif mode == "echo-request-id":
            self.send({"RequestId": line[5:50], "Code": "InvalidParameter", "Message": "m"}, 400)
        elif mode == "echo-message":
            self.send({"RequestId": "r", "Code": "InvalidParameter", "Message": key}, 400)
        else:  # echo-success
            self.send({"RequestId": line[:64], "DomainRemark": key})


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(folder + "/port.new", "w") as f:
    f.write(str(server.server_port))
os.rename(folder + "/port.new", folder + "/port")
server.serve_forever()
