package dns

// authorityFixture is the sound base as the authorities give it, with more
// fields for the matrix of the domain itself.
func authorityFixture(fields string) string {
	return "evidence: {dns: {facts: {mode: authoritative, servers: [{name: api.demo.com, zone: demo.com, " + fields + "answers: [\n" +
		"  {server: ns1.demo.com, address: '192.0.2.1:53', status: authoritative, rcode: NOERROR, ttl: 60,\n" +
		"   targets: [927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com]}]}]}}}"
}

// rowFixture is the same with a second server.
func rowFixture(row string) string {
	return "evidence: {dns: {facts: {mode: authoritative, servers: [{name: api.demo.com, zone: demo.com, answers: [\n" +
		"  {server: ns1.demo.com, address: '192.0.2.1:53', status: authoritative, rcode: NOERROR, ttl: 60,\n" +
		"   targets: [927d50c0f2e54b359919923d908bb015-cn-hangzhou.alicloudapi.com]},\n  " + row + "]}]}}}"
}
