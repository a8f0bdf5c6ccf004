package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// mix is an export as large as one likes, that exists only while it is read: mostly
// sign-ins and single sign-on of the length that Okta writes, or the audit records
// of a directory, and among them a few changes that matter.
type mix struct {
	entra bool
	audit bool // of Entra, only the audit log
	n     int  // records that are left
	next  int
	ready []byte
}

func (m *mix) Read(p []byte) (int, error) {
	if len(m.ready) == 0 {
		if m.n == 0 {
			return 0, io.EOF
		}
		for i := 0; i < 100 && m.n > 0; i++ {
			m.ready = append(append(m.ready, m.record()...), '\n')
			m.n--
			m.next++
		}
	}
	n := copy(p, m.ready)
	m.ready = m.ready[n:]
	if len(m.ready) == 0 {
		m.ready = m.ready[:0]
	}
	return n, nil
}

// record is the next record: a second later than the last one, of one of 3,000
// people.
func (m *mix) record() []byte {
	i := m.next
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second)
	switch {
	case m.entra && !m.audit && i%5 > 0:
		return signInRecord(i, at)
	case m.entra:
		return directoryRecord(i, at)
	}
	return systemRecord(i, at)
}

func systemRecord(i int, at time.Time) []byte {
	kinds := []string{"user.authentication.sso", "user.session.start", "user.authentication.sso", "policy.evaluate_sign_on", "user.authentication.auth_via_mfa"}
	kind, changed := kinds[i%len(kinds)], ""
	switch i % 100 {
	case 17:
		kind = "group.user_membership.add"
	case 43:
		kind, changed = "user.account.update_profile", `"changedAttributes":"title",`
	}
	switch i % 2000 {
	case 77:
		kind = "user.mfa.factor.reset_all"
	case 78:
		kind = "user.account.reset_password"
	case 79:
		kind = "user.mfa.factor.activate"
	}
	person := fmt.Sprintf(`{"id":"00u%017d","type":"User","alternateId":"person%d@nordwind.example","displayName":"Person %d","detailEntry":null}`, i%3000, i%3000, i%3000)
	place := `"geographicalContext":{"city":"Bergen","state":"Vestland","country":"Norway","postalCode":"5003","geolocation":{"lat":60.3913,"lon":5.3221}}`
	ip := fmt.Sprintf("198.51.%d.24", i%3000%200)
	return fmt.Appendf(nil, `{"actor":%s,"client":{"userAgent":{"rawUserAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36","os":"Windows 11","browser":"CHROME"},"zone":"null","device":"Computer","id":null,"ipAddress":"%s",%s},`+
		`"device":{"id":"guo%017d","name":"NW-%d","os_platform":"WINDOWS","os_version":"10.0.22631","managed":true,"registered":true,"device_integrator":null},`+
		`"authenticationContext":{"authenticationProvider":null,"credentialProvider":null,"credentialType":null,"issuer":null,"interface":null,"authenticationStep":0,"rootSessionId":"idxAbCdEfGhIjKlMnOpQrStUv","externalSessionId":"idxAbCdEfGhIjKlMnOpQrStUv"},`+
		`"displayMessage":"User single sign on to app","eventType":"%s","outcome":{"result":"SUCCESS","reason":null},"published":"%s","securityContext":{"asNumber":29695,"asOrg":"altibox as","isp":"altibox as","domain":"altibox.net","isProxy":false},"severity":"INFO",`+
		`"debugContext":{"debugData":{%s"requestId":"aZ09bY18cX27dW36eV45fU54","dtHash":"1f3870be274f6c49b3e31a0c6728957f1f3870be274f6c49b3e31a0c6728957f","requestUri":"/app/salesforce/exk1/sso/saml","threatSuspected":"false","url":"/app/salesforce/exk1/sso/saml?fromHome=true","risk":"{level=LOW}","behaviors":"{New Geo-Location=NEGATIVE, New Device=NEGATIVE, New IP=POSITIVE, Velocity=NEGATIVE}"}},`+
		`"legacyEventType":"app.auth.sso","transaction":{"type":"WEB","id":"tx%022d","detail":{}},"uuid":"11111111-1111-4111-8111-%012d","version":"0","request":{"ipChain":[{"ip":"%s",%s,"version":"V4","source":null}]},`+
		`"target":[%s,{"id":"0oaSalesforce0000000","type":"AppInstance","alternateId":"Salesforce.com","displayName":"Salesforce.com","detailEntry":{"signOnModeType":"SAML_2_0"}},{"id":"0ua%017d","type":"AppUser","alternateId":"person%d@nordwind.example","displayName":"Person %d","detailEntry":null}]}`,
		person, ip, place, i%3000, i%3000, kind, at.Format("2006-01-02T15:04:05.000Z"), changed, i, i, ip, place, person, i%3000, i%3000, i%3000)
}

// signInRecord is what diagnostic settings write of a sign-in.
func signInRecord(i int, at time.Time) []byte {
	when := at.Format("2006-01-02T15:04:05.0000000Z")
	return fmt.Appendf(nil, `{"time":"%s","resourceId":"/tenants/7f3a1c52-0f0a-4b7e-9c1d-2b6a54f0e111/providers/Microsoft.aadiam","operationName":"Sign-in activity","operationVersion":"1.0","category":"SignInLogs","tenantId":"7f3a1c52-0f0a-4b7e-9c1d-2b6a54f0e111","resultType":"0","resultSignature":"None","durationMs":0,"callerIpAddress":"198.51.%d.24","correlationId":"22222222-2222-4222-8222-%012d","identity":"Person %d","Level":4,"location":"NO",`+
		`"properties":{"id":"66666666-6666-4666-8666-%012d","createdDateTime":"%s","userDisplayName":"Person %d","userPrincipalName":"person%d@nordwind.example","userId":"44444444-4444-4444-8444-%012d","appId":"77777777-7777-4777-8777-777777777777","appDisplayName":"Office 365 Exchange Online","ipAddress":"198.51.%d.24","status":{"errorCode":0,"additionalDetails":"MFA requirement satisfied by claim in the token"},"clientAppUsed":"Browser",`+
		`"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36","deviceDetail":{"deviceId":"88888888-8888-4888-8888-%012d","displayName":"NW-%d","operatingSystem":"Windows 11","browser":"Chrome 141.0.0","isCompliant":true,"isManaged":true,"trustType":"Azure AD joined"},`+
		`"location":{"city":"Bergen","state":"Vestland","countryOrRegion":"NO","geoCoordinates":{"latitude":60.3913,"longitude":5.3221}},"correlationId":"22222222-2222-4222-8222-%012d","conditionalAccessStatus":"success","appliedConditionalAccessPolicies":[{"id":"99999999-9999-4999-8999-999999999999","displayName":"Require MFA","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],"result":"success"},{"id":"99999999-9999-4999-8999-999999999998","displayName":"Block legacy","enforcedGrantControls":["Block"],"enforcedSessionControls":[],"result":"notApplied"}],`+
		`"isInteractive":true,"tokenIssuerType":"AzureAD","authenticationRequirement":"multiFactorAuthentication","riskDetail":"none","riskLevelAggregated":"none","riskLevelDuringSignIn":"none","riskState":"none","resourceDisplayName":"Office 365 Exchange Online","resourceId":"00000002-0000-0ff1-ce00-000000000000","authenticationProcessingDetails":[{"key":"Root Key Type","value":"Unknown"}],"networkLocationDetails":[],"homeTenantId":"7f3a1c52-0f0a-4b7e-9c1d-2b6a54f0e111","userType":"Member","crossTenantAccessType":"none"}}`,
		when, i%3000%200, i, i%3000, i, when, i%3000, i%3000, i%3000, i%3000%200, i%3000, i%3000, i)
}

func directoryRecord(i int, at time.Time) []byte {
	names := []string{"Update user", "Update device", "Update user", "Update service principal", "Update group", "Update StsRefreshTokenValidFrom Timestamp"}
	name := names[i%len(names)]
	switch i % 20 {
	case 3, 13:
		name = "Add member to group"
	case 7:
		name = "Add app role assignment grant to user"
	}
	switch i % 2000 {
	case 77:
		name = "Admin deleted security info"
	case 78:
		name = "Reset user password"
	case 79:
		name = "User registered security info"
	}
	return fmt.Appendf(nil, `{"id":"Directory_11111111-1111-4111-8111-%012d_ABCDE_%d","category":"UserManagement","correlationId":"22222222-2222-4222-8222-%012d","result":"success","resultReason":"","activityDisplayName":"%s","activityDateTime":"%s","loggedByService":"Core Directory","operationType":"Update",`+
		`"initiatedBy":{"user":null,"app":{"appId":null,"displayName":"Microsoft Entra Connect","servicePrincipalId":"33333333-3333-4333-8333-%012d","servicePrincipalName":null}},`+
		`"targetResources":[{"id":"44444444-4444-4444-8444-%012d","displayName":null,"type":"User","userPrincipalName":"person%d@nordwind.example","groupType":null,"modifiedProperties":[{"displayName":"Department","oldValue":"[\"Sales\"]","newValue":"[\"Marketing\"]"},{"displayName":"Included Updated Properties","oldValue":null,"newValue":"\"Department\""},{"displayName":"TargetId.UserType","oldValue":null,"newValue":"\"Member\""}]},{"id":"55555555-5555-4555-8555-%012d","displayName":"All staff","type":"Group","userPrincipalName":null,"groupType":"azureAD","modifiedProperties":[]}],`+
		`"additionalDetails":[{"key":"UserType","value":"Member"},{"key":"User-Agent","value":"Mozilla/5.0"}]}`,
		i, i, i, name, at.Format("2006-01-02T15:04:05.0000000Z"), i%3, i%3000, i%3000, i%40)
}

// peaking discards what is written and looks now and then how large the heap is.
type peaking struct {
	writes int
	most   uint64
}

func (p *peaking) Write(b []byte) (int, error) {
	if p.writes++; p.writes%20 == 0 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		p.most = max(p.most, m.HeapAlloc)
	}
	return len(b), nil
}

// TestReplayTakesNoMoreMemoryForMore: a log ten times as long takes no more memory,
// end to end.
func TestReplayTakesNoMoreMemoryForMore(t *testing.T) {
	peak := func(n int) uint64 {
		var out peaking
		err := run(context.Background(), []string{"replay", "--provider=okta", "--json", "-"}, streams{in: &mix{n: n}, out: &out, err: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		return out.most
	}
	short, long := peak(6_000), peak(60_000)
	if long > short+8<<20 {
		t.Errorf("the heap grew from %d to %d bytes", short, long)
	}
	t.Logf("the heap was at most %d bytes for a log of 15 MB, %d for one of 150 MB", short, long)
}

// BenchmarkReplay reads a log and prints a line for each record, on one core: the
// promise is at least 100,000 records a second over what an organisation exports.
// Entra's audit log by itself, without the sign-ins, is the slowest there is. Of the
// two rates one is by the clock, the other by the time the process had a processor.
func BenchmarkReplay(b *testing.B) {
	for _, tc := range []struct {
		name, provider string
		audit          bool
	}{{"okta", "okta", false}, {"entra", "entra", false}, {"entra-audit", "entra", true}} {
		b.Run(tc.name, func(b *testing.B) {
			const records = 20_000
			var log strings.Builder
			if _, err := io.Copy(&log, &mix{n: records, entra: tc.provider == "entra", audit: tc.audit}); err != nil {
				b.Fatal(err)
			}
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
			b.SetBytes(int64(log.Len()))
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			var busy, valid time.Duration
			for b.Loop() {
				began := processorTime(b)
				err := run(context.Background(), []string{"replay", "--provider", tc.provider, "--json", "-"}, streams{in: strings.NewReader(log.String()), out: io.Discard, err: io.Discard})
				if err != nil {
					b.Fatal(err)
				}
				busy += processorTime(b) - began
				b.StopTimer()
				valid += validating(b, log.String())
				b.StartTimer()
			}
			runtime.ReadMemStats(&after)
			n := float64(b.N) * records
			b.ReportMetric(n/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(n/busy.Seconds(), "records/cpu-s")
			b.ReportMetric(busy.Seconds()/valid.Seconds(), "times-json.Valid")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "allocs/record")
			b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/n, "B/record")
		})
	}
}

// validating is how long encoding/json takes to see that the lines of a log are
// JSON.
func validating(b *testing.B, log string) time.Duration {
	b.Helper()
	began := processorTime(b)
	for line := range strings.SplitSeq(strings.TrimSpace(log), "\n") {
		if !json.Valid([]byte(line)) {
			b.Fatal("a line is not JSON")
		}
	}
	return processorTime(b) - began
}

// processorTime is how long the process has been running on a processor.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestReplayOfTheMix: the mix is what it says, so that the benchmark is of
// something: every record is read, and some are held.
func TestReplayOfTheMix(t *testing.T) {
	for _, provider := range []string{"okta", "entra"} {
		var log strings.Builder
		if _, err := io.Copy(&log, &mix{n: 4000, entra: provider == "entra", audit: true}); err != nil {
			t.Fatal(err)
		}
		out, errs, code := replayOf(t, log.String(), "--provider", provider, "--json", "-")
		held := 0
		for _, v := range verdicts(t, out) {
			if v.Held {
				held++
			}
		}
		if code != 0 || strings.Count(out, "\n") != 4000 || held < 2 || held > 40 {
			t.Errorf("%s: exit %d, %d lines, %d held %s", provider, code, strings.Count(out, "\n"), held, errs)
		}
		if out, _, code := replayOf(t, string(signInRecord(7, time.Now()))+"\n", "--provider=entra", "--json", "-"); code != 0 || !strings.Contains(out, `"class":"none","takes_effect":true`) || !strings.Contains(out, `"actor":"4444`) {
			t.Errorf("a sign-in: %s", out)
		}
		if mean := log.Len() / 4000; provider == "okta" && mean < 2000 || mean < 1000 {
			t.Errorf("%s: records of %d bytes, real ones are longer", provider, mean)
		}
	}
}
