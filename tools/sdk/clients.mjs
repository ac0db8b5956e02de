// Calls the sandbox of BINDGATE_ENDPOINT with official clients. Arguments: a
// certificate and its key, as PEM files. It fails at the first difference.
import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import cas from '@alicloud/cas20200407';
import core from '@alicloud/openapi-core';
import dara from '@darabonba/typescript';

const {$OpenApiUtil} = core;
const config = () => new $OpenApiUtil.Config({
  accessKeyId: process.env.ALIBABA_CLOUD_ACCESS_KEY_ID,
  accessKeySecret: process.env.ALIBABA_CLOUD_ACCESS_KEY_SECRET,
  endpoint: new URL(process.env.BINDGATE_ENDPOINT).host,
  protocol: 'http',
});
const [cert, key] = process.argv.slice(2).map(path => readFileSync(path, 'utf8'));

// The certificate store, by its generated client, which puts parameters into the URL.
const store = new cas.default(config());
const {certId} = (await store.uploadUserCertificate(new cas.UploadUserCertificateRequest({name: 'sdk', cert, key}))).body;
const detail = (await store.getUserCertificateDetail(new cas.GetUserCertificateDetailRequest({certId, certFilter: true}))).body;
assert.equal(detail.certIdentifier, `${certId}-cn-hangzhou`);
assert.equal(detail.key, undefined);
const whole = (await store.getUserCertificateDetail(new cas.GetUserCertificateDetailRequest({certId}))).body;
assert.equal(whole.cert, cert);
const list = (await store.listUserCertificateOrder(new cas.ListUserCertificateOrderRequest({orderType: 'UPLOAD'}))).body;
assert.deepEqual([list.totalCount, list.certificateOrderList[0].sha2], [1, detail.sha2]);

// The cloud-native gateway, by the core.
const client = new core.default(config());
const rest = async (action, method, pathname, {query = {}, body} = {}) => {
  const request = new $OpenApiUtil.OpenApiRequest({query, ...(body && {body})});
  const params = new $OpenApiUtil.Params({
    action, method, pathname, version: '2024-03-27', protocol: 'HTTP', authType: 'AK', style: 'ROA', reqBodyType: 'json', bodyType: 'json',
  });
  const answer = (await client.callApi(params, request, new dara.RuntimeOptions({}))).body;
  assert.equal(answer.code, 'Ok', action);
  return answer.data;
};
const settings = {protocol: 'HTTPS', forceHttps: true, certIdentifier: detail.certIdentifier, tlsMin: 'TLS 1.2', tlsMax: 'TLS 1.3'};
const {domainId} = await rest('CreateDomain', 'POST', '/v1/domains', {body: {name: '*.sdk.demo.com', ...settings}});
const found = await rest('ListDomains', 'GET', '/v1/domains', {query: {nameLike: '*.sdk', pageNumber: '1'}});
assert.deepEqual([found.totalSize, found.items[0].domainId], [1, domainId]);
assert.ok((await rest('UpdateDomain', 'PUT', `/v1/domains/${domainId}`, {body: {...settings, http2Option: 'Open'}})).deployRevisionId);
const record = await rest('GetDomain', 'GET', `/v1/domains/${domainId}`, {query: {withStatistics: 'true'}});
assert.deepEqual([record.http2Option, record.certName, record.statisticsInfo.totalCount], ['Open', 'sdk', '0']);
await assert.rejects(store.deleteUserCertificate(new cas.DeleteUserCertificateRequest({certId})), {code: 'CertificateInUse'});
await rest('DeleteDomain', 'DELETE', `/v1/domains/${domainId}`);
await assert.rejects(rest('GetDomain', 'GET', `/v1/domains/${domainId}`), {code: 'DatabaseError.RecordNotFound'});
await store.deleteUserCertificate(new cas.DeleteUserCertificateRequest({certId}));
console.log('official clients: every answer as expected');
