package okta

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/countersign/countersign/holds"
)

// mix is a hundred records as an organisation's log has them: nearly all of them
// sign-ins and single sign-on to apps, each of its usual length of some 2.5 kB, and a
// handful that matter.
func mix(t testing.TB) [][]byte {
	t.Helper()
	count := map[string]int{
		"user.authentication.sso": 46, "user.session.start": 14, "user.authentication.auth_via_mfa": 12, "policy.evaluate_sign_on": 14,
		"user.session.end": 3, "user.authentication.verify": 3, "application.provision.user.sync": 2, "group.user_membership.add": 2,
		"user.account.update_profile": 2, "user.mfa.factor.activate": 1, "user.account.reset_password": 1,
	}
	var out [][]byte
	for kind, n := range count {
		for i := range n {
			out = append(out, lengthy(t, kind, i))
		}
	}
	if len(out) != 100 {
		t.Fatalf("%d records", len(out))
	}
	return out
}

// lengthy is a record with everything Okta writes into one.
func lengthy(t testing.TB, kind string, i int) []byte {
	t.Helper()
	place := map[string]any{
		"city": "Bergen", "state": "Vestland", "country": "Norway", "postalCode": "5003", "geolocation": map[string]any{"lat": 60.3913, "lon": 5.3221},
	}
	person := map[string]any{"id": "00uIngridSolberg0000", "type": "User", "alternateId": "ingrid.solberg@nordwind.example", "displayName": "Ingrid Solberg", "detailEntry": nil}
	raw, err := json.Marshal(map[string]any{
		"actor": person, "device": map[string]any{"id": "guoLaptop00000000000", "name": "NW-1204", "os_platform": "OSX", "managed": true, "registered": true},
		"client": map[string]any{
			"userAgent": map[string]any{"rawUserAgent": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36", "os": "Mac OS X", "browser": "CHROME"},
			"zone":      "null", "device": "Computer", "id": nil, "ipAddress": "198.51.100.24", "geographicalContext": place,
		},
		"authenticationContext": map[string]any{
			"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil, "issuer": nil, "interface": nil,
			"authenticationStep": 0, "rootSessionId": "idxAbCdEfGhIjKlMnOpQrStUv", "externalSessionId": "idxAbCdEfGhIjKlMnOpQrStUv",
		},
		"displayMessage": "User single sign on to app", "eventType": kind, "outcome": map[string]any{"result": "SUCCESS", "reason": nil},
		"published": "2026-11-20T11:00:00.000Z", "severity": "INFO", "version": "0", "legacyEventType": "app.auth.sso",
		"securityContext": map[string]any{"asNumber": 29695, "asOrg": "altibox as", "isp": "altibox as", "domain": "altibox.net", "isProxy": false},
		"debugContext": map[string]any{"debugData": map[string]any{
			"requestId": "aZ09bY18cX27dW36eV45fU54", "dtHash": "1f3870be274f6c49b3e31a0c6728957f1f3870be274f6c49b3e31a0c6728957f", "requestUri": "/app/salesforce/exk1/sso/saml",
			"threatSuspected": "false", "url": "/app/salesforce/exk1/sso/saml?fromHome=true", "changedAttributes": "title",
			"risk":           "{level=LOW, reasons=Anomalous Location}",
			"behaviors":      "{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=POSITIVE, New State=NEGATIVE, New Country=NEGATIVE, Velocity=NEGATIVE}",
			"authnRequestId": "aZ09bY18cX27dW36eV45fU55", "initiationType": "SP_INITIATED", "signOnMode": "SAML 2.0", "origin": "https://nordwind.okta.com",
		}},
		"transaction": map[string]any{"type": "WEB", "id": "aZ09bY18cX27dW36eV45fU54gT", "detail": map[string]any{}},
		"uuid":        fmt.Sprintf("11111111-1111-4111-8111-%012d", i),
		"request":     map[string]any{"ipChain": []any{map[string]any{"ip": "198.51.100.24", "geographicalContext": place, "version": "V4", "source": nil}}},
		"target": []any{
			map[string]any{"id": "0oaSalesforce0000000", "type": "AppInstance", "alternateId": "Salesforce.com", "displayName": "Salesforce.com", "detailEntry": map[string]any{"signOnModeType": "SAML_2_0"}},
			map[string]any{"id": "0uaSalesforceUser000", "type": "AppUser", "alternateId": "ingrid.solberg@nordwind.example", "displayName": "Ingrid Solberg", "detailEntry": nil},
			person,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// BenchmarkDecode reads the mix one record at a time, as replay does.
func BenchmarkDecode(b *testing.B) {
	records, x := mix(b), offline()
	size := 0
	for _, r := range records {
		size += len(r)
	}
	b.SetBytes(int64(size / len(records)))
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for _, e := range x.Record(records[n%len(records)], received()) {
			if e.Class == holds.Unclassified {
				b.Fatal(e.Doubts)
			}
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
}
