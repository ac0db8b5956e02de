#!/usr/bin/env python3
"""A cloud-native gateway and a certificate store that lie. gateway.py MODE FOLDER: writes
its port to FOLDER/port and the writing calls that it gets, without a key, to FOLDER/writes.
FOLDER/facts.json has serial and sha256 of the certificate that is uploaded."""
import json, os, sys, time, urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

mode, folder = sys.argv[1:]
facts = json.load(open(folder + "/facts.json"))
NAME = "api.demo.com"
record = {"domainId": "d-1", "name": NAME, "protocol": "HTTPS", "domainScope": "Dedicated", "forceHttps": True, "mTLSEnabled": False,
          "certIdentifier": "1-cn-hangzhou", "http2Option": "Open", "tlsMin": "TLS 1.2", "tlsMax": "TLS 1.3", "createFrom": "Console"}
other = dict(record, domainId="d-2", name="other.demo.com")
OLD = {"certId": 1, "certIdentifier": "1-cn-hangzhou", "certName": "old", "domainMatchCert": True, "isChainCompleted": True,
       "serialNo": "0a", "sha2": "11" * 32, "notAfterTimestamp": int(time.time() + 86400) * 1000, "sans": NAME}
NEW = dict(OLD, notAfterTimestamp=int(time.time() + 80 * 86400) * 1000, certId=2, certIdentifier="2-cn-hangzhou", certName="uploaded", serialNo=facts["serial"], sha2=facts["sha256"])
certificates = [OLD]
record.update({
    "id-with-a-slash": {"domainId": "d/../../v1/gateways"}, "id-of-dots": {"domainId": ".."}, "id-with-a-line": {"domainId": "d-1\n\u001b[2Jgone"},
    "id-with-a-query": {"domainId": "d-1?force=true#x"}, "id-with-quotes": {"domainId": "d-1\"}'$(touch pwned)"},
    "name-in-another-case": {"name": "API.Demo.COM."}, "lower-case": {"protocol": "https", "http2Option": "open", "domainScope": "dedicated"},
    "unknown-field": {"wafEnabled": True}, "unknown-false-field": {"http3Enabled": False},
    "unknown-nested-field": {"tlsCipherSuitesConfig": {"configType": "Default", "order": "server"}},
    "two-spellings": {"TLSMIN": "TLS 1.0"}, "from-ingress": {"createFrom": "Ingress"},
    "text-around-the-ca": {"mTLSEnabled": True, "caCertIdentifier": "9-cn-hangzhou", "clientCACert": "Bag Attributes\n" + facts["ca"] + "\ntail"},
    "hidden-ca": {"mTLSEnabled": True, "caCertIdentifier": "9-cn-hangzhou"},
}.get(mode, {}))
state = dict(record)


def pages(number):
    items = [state, other]
    full = lambda n: [dict(other, domainId="d-%d-%d" % (n, i)) for i in range(50)]
    return {
        "too-small": (1, items), "too-large": (3, items), "negative": (-1, items), "no-count": (None, items), "count-changes": (1 + number, items[:1]),
        "the-same-page": (100, full(0)), "endless": (10**9, full(number)), "without-an-id": (2, [state, {"name": NAME}]),
        "not-listed": (1, [other]),
    }.get(mode, (2, items))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def raw(self, body, status=200, kind="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def data(self, data, code="Ok", status=200):
        self.raw(json.dumps({"requestId": "r", "code": code, "message": "m", "data": data}).encode(), status)

    def list(self, items, total="all"):
        total = len(items) if total == "all" else total
        answer = {"pageNumber": 1, "items": items}
        self.data(answer if total is None else dict(answer, totalSize=total))

    def do_GET(self):
        self.handle_call()

    do_POST = do_PUT = do_DELETE = do_GET

    def handle_call(self):
        global state
        text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        url = urllib.parse.urlsplit(self.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        form = {k: v[0] for k, v in urllib.parse.parse_qs(text).items()} if not text.startswith("{") else {}
        action = self.headers.get("x-acs-action")
        if action.startswith(("Create", "Update", "Delete", "Upload", "Deploy")):
            with open(folder + "/writes", "a") as f:
                shown = text if text.startswith("{") else " ".join(sorted(form))
                f.write("%s %s %s\n" % (action, self.path, shown))
        if action in ("GetUserCertificateDetail", "GetCertificatePrivateKey"):
            with open(folder + "/writes", "a") as f:
                f.write("KEY FETCHED\n")
        page = int(query.get("pageNumber", 1))
        if action == "GetCallerIdentity":
            self.raw(json.dumps({"RequestId": "r", "AccountId": "1234567890123456", "Arn": "acs:ram::1234567890123456:user/x"}).encode())
        elif action in ("GetGateway", "ListGateways"):
            g = {"gatewayId": "gw-1", "name": "pay", "status": "Running", "gatewayType": "API", "gatewayEdition": "Professional", "version": "2.1.8",
                 "subDomainInfos": [{"name": "env-1-cn-hangzhou.alicloudapi.com", "networkType": "Internet"}], "loadBalancers": []}
            if mode == "another-gateway" and action == "GetGateway":
                g["gatewayId"] = "gw-9"
            self.data(g) if action == "GetGateway" else self.list([g] if page == 1 else [])
        elif action == "ListDomains":
            if mode == "html":
                return self.raw(b"<!DOCTYPE html><html>sign in</html>", kind="text/html")
            if mode == "refusal-with-200":
                return self.data(None, code="APIG.ErrorCode.InternalError")
            if mode == "answer-of-64-mib":
                return self.raw(b'{"requestId":"r","code":"Ok","data":{"totalSize":1,"items":[{"domainId":"' + b"d" * (64 << 20) + b'"}]}}')
            if mode == "deep":
                return self.raw(b'{"requestId":"r","code":"Ok","data":{"totalSize":1,"items":[{"domainId":"d-1","name":"api.demo.com","x":' + b"[" * 200000 + b"]" * 200000 + b"}]}}")
            total, items = pages(page)
            if query.get("gatewayType") == "AI":
                if mode == "ai-only":
                    return self.list([state] if page == 1 else [])
                if mode == "both-types":
                    return self.list([dict(state, domainId="d-ai")] if page == 1 else [])
                return self.list([])
            if query.get("gatewayType") == "API" and mode == "ai-only":
                return self.list([other] if page == 1 else [])
            if mode == "both-types" and not query.get("gatewayType"):
                return self.list([state, dict(state, domainId="d-ai"), other] if page == 1 else [])
            self.list(items if page == 1 or mode in ("the-same-page", "endless", "count-changes") else [], total)
        elif action == "GetDomain":
            id = urllib.parse.unquote(url.path.split("/")[-1])
            if mode == "not-found-when-read":
                return self.data(None, "DatabaseError.RecordNotFound", 404)
            if mode == "answers-about-another":
                return self.data(other)
            self.data(dict(state, domainId=id, statisticsInfo={"totalCount": "1"}) if id != "d-2" else other)
        elif action == "ListHttpApis":
            self.list([{"name": "a", "type": "Http", "versionedHttpApis": [{"httpApiId": "api-1"}]}] if page == 1 else [])
        elif action == "ListHttpApiRoutes":
            self.list([{"routeId": "hr-1", "deployStatus": "Deployed", "domainInfos": [{"domainId": record["domainId"]}],
                        "environmentInfo": {"gatewayInfo": {"gatewayId": "gw-1"}}}] if page == 1 else [])
        elif action == "ListSslCerts":
            self.list(certificates if page == 1 else [])
        elif action == "GetCertificateDetail":
            c = [c for c in certificates if str(c["certId"]) == form.get("CertificateId")]
            if not c:
                return self.raw(b'{"RequestId":"r","Code":"NotFound","Message":"m"}', 404)
            c = c[0]
            self.raw(json.dumps({"RequestId": "r", "CertIdentifier": c["certIdentifier"], "CertificateName": c["certName"], "ExistPrivateKey": True,
                                 "FingerPrint": c["sha2"], "Serial": c["serialNo"], "NotAfter": c["notAfterTimestamp"]}).encode())
        elif action == "UploadUserCertificate":
            lines = form["Key"].split("\n")
            if mode == "echo-key-as-code":
                return self.raw(json.dumps({"RequestId": lines[1][:40], "Code": lines[1][:60], "Message": form["Key"]}).encode(), 400)
            stored = dict(NEW, certName=form["Name"])
            if mode == "store-has-other-bytes":  # equal serial number
                stored["sha2"] = "22" * 32
            if mode == "store-has-another-serial":
                stored["serialNo"] = "0b"
            if mode == "odd-identifier":
                stored["certIdentifier"] = '2-cn","protocol":"HTTP'
                stored["certId"] = 2
            certificates.append(stored)
            if mode == "twins":
                certificates.append(dict(stored, certId=3, certIdentifier="3-cn-hangzhou", certName="twin"))
            self.raw(b'{"RequestId":"r","CertId":2}')
        elif action == "UpdateDomain":
            body = json.loads(text)
            state.update(body)
            if mode == "update-loses-a-field":
                state["http2Option"] = "Close"
            self.data({"deployRevisionId": "x"})
        else:
            self.raw(b'{"requestId":"r","code":"Unexpected","message":"m"}', 400)


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
open(folder + "/port.new", "w").write(str(server.server_port))
os.rename(folder + "/port.new", folder + "/port")
server.serve_forever()
