#!/usr/bin/env python3
"""Writes a seed and a manifest of 12 plain bindings and, after them, a forced one and
one with a certificate: stale.py FOLDER."""
import sys

folder = sys.argv[1]
OWN, LEGACY = "927d50c0f2e54b359919923d908bb015", "523e8dc7bbe04613b5b1d726c2a7889d"
names = [("a%d.demo.com" % i, "%032x" % (0x1000 + i // 4)) for i in range(12)]
seed = "groups:\n  - {groupId: %s, domains: [{domainName: forced.demo.com, bindStageName: RELEASE}]}\n  - {groupId: %s}\n" % (LEGACY, OWN)
seed += "".join("  - {groupId: '%032x'}\n" % (0x1000 + i) for i in range(3)) + "zone: |\n"
bindings = "apiVersion: bindgate/v1\ndefaults: {regionId: cn-hangzhou, bindStageName: RELEASE}\nbindings:\n"
for name, group in names + [("forced.demo.com", OWN), ("late.demo.com", OWN)]:
    seed += "  %s. 60 IN CNAME %s-cn-hangzhou.alicloudapi.com.\n" % (name, group)
plain = "".join("  - {domainName: %s, groupId: '%s'}\n" % n for n in names)
forced = "  - {domainName: forced.demo.com, groupId: %s, isForce: true, forceFrom: [%s], labels: {owner: x, changeTicket: CHG-1}}\n" % (OWN, LEGACY)
late = "  - {domainName: late.demo.com, groupId: %s, certificate: {name: late_demo_com, body: late.pem, privateKey: late.key}}\n" % OWN
for file, text in {"seed.yaml": seed, "forced.yaml": bindings + plain + forced, "late.yaml": bindings + plain + late}.items():
    with open(folder + "/" + file, "w") as f:
        f.write(text)
