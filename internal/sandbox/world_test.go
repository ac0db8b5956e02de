package sandbox

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// outcome is "accepted" or the code of a refusal.
func outcome(err error) string {
	if err == nil {
		return "accepted"
	}
	return code(err)
}

// probes show, for each world of the cloud-native gateway and of the store, which of
// its values holds.
func probes() map[string]func(*cloud) string {
	put := func(c *cloud, id string, body object) error {
		_, err := c.rest("UpdateDomain", "PUT", "/v1/domains/"+id, nil, body)
		return err
	}
	post := func(c *cloud, body object) error {
		_, err := c.rest("CreateDomain", "POST", "/v1/domains", nil, body)
		return err
	}
	return map[string]func(*cloud) string{
		"update-domain": func(c *cloud) string {
			if err := put(c, otherID, object{"protocol": "HTTPS", "forceHttps": true}); err != nil {
				c.Fatal(err)
			}
			return fmt.Sprint(c.domain(otherID).MTLSEnabled, c.domain(otherID).CertIdentifier != "")
		},
		"empty-text": func(c *cloud) string {
			if err := put(c, otherID, object{"protocol": "HTTPS", "clientCACert": "", "tlsMin": ""}); err != nil {
				c.Fatal(err)
			}
			return fmt.Sprint(c.domain(otherID).ClientCACert != "", " ", c.domain(otherID).TLSMin)
		},
		"apig-errors": func(c *cloud) string {
			answer, err := c.rest("GetDomain", "GET", "/v1/domains/d-0", nil, nil)
			return fmt.Sprint(outcome(err), " ", answer["code"])
		},
		"success-code": func(c *cloud) string {
			answer, err := c.rest("ListDomains", "GET", "/v1/domains", nil, nil)
			return fmt.Sprint(outcome(err), " ", answer["code"])
		},
		"tls-names": func(c *cloud) string { return fmt.Sprint(c.get(apiID)["tlsMin"], c.list(nil)[0]["tlsMax"]) },
		"timestamp-names": func(c *cloud) string {
			d := c.get(apiID)
			var shown []string
			for name := range d {
				if strings.HasSuffix(strings.ToLower(name), "stamp") && name != "createTimestamp" {
					shown = append(shown, name)
				}
			}
			slices.Sort(shown)
			return strings.Join(shown, " ")
		},
		"unset-fields": func(c *cloud) string {
			_, record := c.get(apiID)["caCertIdentifier"]
			_, listed := c.list(nil)[0]["clientCACert"]
			return fmt.Sprint(record, listed)
		},
		"total-count":   func(c *cloud) string { return fmt.Sprintf("%T", c.get(apiID)["statisticsInfo"].(object)["totalCount"]) },
		"domain-status": func(c *cloud) string { return fmt.Sprint(c.get(apiID)["status"]) },
		"bound-status":  func(c *cloud) string { return fmt.Sprint(c.list(map[string]string{"nameLike": "other"})[0]["status"]) },
		"https-without-certificate": func(c *cloud) string {
			return outcome(post(c, object{"name": "n.demo.com", "protocol": "HTTPS", "forceHttps": true}))
		},
		"duplicate-name": func(c *cloud) string { return outcome(post(c, object{"name": "API.demo.com", "protocol": "HTTP"})) },
		"unknown-certificate": func(c *cloud) string {
			return outcome(put(c, apiID, object{"protocol": "HTTPS", "forceHttps": true, "certIdentifier": "1-cn-hangzhou"}))
		},
		"mtls-ca-id": func(c *cloud) string {
			return outcome(put(c, apiID, object{"protocol": "HTTPS", "forceHttps": true, "mTLSEnabled": true, "clientCACert": "pem"}))
		},
		"http2-default": func(c *cloud) string {
			if err := post(c, object{"name": "n.demo.com", "protocol": "HTTP"}); err != nil {
				c.Fatal(err)
			}
			return c.StateAPIG().Domains[2].HTTP2Option
		},
		"list-by-gateway": func(c *cloud) string { return fmt.Sprint(len(c.list(map[string]string{"gatewayId": "gw-1"}))) },
		"page-size": func(c *cloud) string {
			_, err := c.rest("ListGateways", "GET", "/v1/gateways", map[string]string{"pageSize": "51"}, nil)
			_, documented := c.rest("ListHttpApis", "GET", "/v1/http-apis", map[string]string{"pageSize": "100"}, nil)
			return fmt.Sprint(outcome(err), " ", outcome(documented))
		},
		"deploy-without-domains": func(c *cloud) string {
			_, err := c.rest("DeployHttpApi", "POST", "/v1/http-apis/api-rest/deploy", nil, object{"restApiConfig": object{"gatewayId": "gw-2"}})
			return fmt.Sprint(outcome(err), " ", c.get(otherID)["statisticsInfo"].(object)["totalCount"])
		},
		"delete-used-domain": func(c *cloud) string {
			_, err := c.rest("DeleteDomain", "DELETE", "/v1/domains/"+apiID, nil, nil)
			return outcome(err)
		},
		"delete-missing-domain": func(c *cloud) string {
			_, err := c.rest("DeleteDomain", "DELETE", "/v1/domains/d-0", nil, nil)
			return outcome(err)
		},
		"missing-code": func(c *cloud) string {
			_, err := c.rest("GetDomain", "GET", "/v1/domains/d-0", nil, nil)
			return outcome(err)
		},
		"released-gateway": func(c *cloud) string {
			_, err := c.rest("GetGateway", "GET", "/v1/gateways/gw-gone", nil, nil)
			return outcome(err)
		},
		"same-certificate": func(c *cloud) string {
			_, err := c.form("UploadUserCertificate", object{"Name": "again", "Cert": string(c.leaf.Chain), "Key": string(c.leaf.Key)})
			return outcome(err)
		},
		"delete-used-certificate": func(c *cloud) string {
			_, err := c.form("DeleteUserCertificate", object{"CertId": "100"})
			d, get := c.rest("GetDomain", "GET", "/v1/domains/"+apiID, nil, nil)
			return fmt.Sprint(outcome(err), " ", outcome(get), " ", d["data"].(object)["certDetailStatus"])
		},
		"detail-fingerprint": func(c *cloud) string {
			detail, err := c.form("GetCertificateDetail", object{"CertificateId": "100"})
			return fmt.Sprint(outcome(err), " ", len(fmt.Sprint(detail["FingerPrint"])))
		},
		"digest-case": func(c *cloud) string {
			detail, err := c.form("GetUserCertificateDetail", object{"CertId": "100", "CertFilter": "true"})
			sha := fmt.Sprint(detail["Sha2"])
			return fmt.Sprint(outcome(err), " ", sha == strings.ToUpper(sha))
		},
	}
}

func TestBothWorlds(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"update-domain":             {"false false", "true true"},
		"empty-text":                {"false TLS 1.0", "true TLS 1.2"},
		"apig-errors":               {"DatabaseError.RecordNotFound <nil>", "accepted DatabaseError.RecordNotFound"},
		"success-code":              {"accepted Ok", "accepted success", "accepted 200"},
		"tls-names":                 {"TLS 1.0TLS 1.3", "TLS1.0TLS1.3"},
		"timestamp-names":           {"notAfterTimstamp notBeforeTimestamp updatetimestamp", "notAfterTimstamp notBeforeTimstamp updatetimestamp", "notAfterTimestamp notBeforeTimestamp updateTimestamp"},
		"unset-fields":              {"true true", "false false"},
		"total-count":               {"string", fmt.Sprintf("%T", json.Number(""))},
		"domain-status":             {"<nil>", "Published"},
		"bound-status":              {"Unpublished", "Published"},
		"https-without-certificate": {"accepted", "InvalidParameter"},
		"duplicate-name":            {"accepted", "Conflict.DomainDuplicated"},
		"unknown-certificate":       {"accepted", "NotFound.CertificateNotFound"},
		"mtls-ca-id":                {"accepted", "InvalidParameter"},
		"http2-default":             {"GlobalConfig", "Close"},
		"list-by-gateway":           {"1", "2"},
		"page-size":                 {"accepted accepted", "InvalidParameter accepted"},
		"deploy-without-domains":    {"accepted 1", "accepted 0"},
		"delete-used-domain":        {"Conflict.DomainInUse", "accepted"},
		"delete-missing-domain":     {"DatabaseError.RecordNotFound", "accepted"},
		"missing-code":              {"DatabaseError.RecordNotFound", "Error.DatabaseError.RecordNotFound"},
		"released-gateway":          {"NotFound.GatewayNotFound", "Conflict.GatewayIsDeleted"},
		"same-certificate":          {"accepted", "CertRepeat"},
		"delete-used-certificate":   {"CertificateInUse accepted Success", "accepted accepted Failed"},
		"detail-fingerprint":        {"accepted 40", "accepted 64"},
		"digest-case":               {"accepted true", "accepted false"},
	}
	classic := map[string]bool{"update": true, "renewal": true, "client-certificate": true, "network-type": true} // package account tests these
	with := map[string][]string{"empty-text": {"update-domain=merge"}}                                            // where the whole record is replaced, an absent text is empty too
	all := probes()
	for _, w := range Worlds() {
		if classic[w.Name] {
			continue
		}
		probe := all[w.Name]
		if probe == nil || len(want[w.Name]) != len(w.Values) || w.Why == "" {
			t.Errorf("%s: there is no test of each value", w.Name)
			continue
		}
		for i, value := range w.Values {
			t.Run(w.Name+"="+value, func(t *testing.T) {
				if got := probe(startCloud(t, assume(append(with[w.Name], w.Name+"="+value)...))); got != want[w.Name][i] {
					t.Errorf("got %q, want %q", got, want[w.Name][i])
				}
			})
		}
		if a := probe(startCloud(t, assume(with[w.Name]...))); a != want[w.Name][0] {
			t.Errorf("%s: the default is %q, want %q", w.Name, a, want[w.Name][0])
		}
	}
}

func TestFutureField(t *testing.T) {
	t.Parallel()
	c := startCloud(t, assume("future-field=ocsp"))
	if got, listed := c.get(apiID)["ocsp"], c.list(nil)[0]["ocsp"]; got != "on" || listed != "on" {
		t.Errorf("got %v and %v", got, listed)
	}
	_, err := c.rest("UpdateDomain", "PUT", "/v1/domains/"+apiID, nil, object{"protocol": "HTTP", "ocsp": "on"})
	wantCode(t, "sent back", err, "InvalidParameter", 400)
}
