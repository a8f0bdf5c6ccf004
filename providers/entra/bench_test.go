package entra

import (
	"fmt"
	"strings"
	"testing"
)

// mix is what a tenant's exports are made of: mostly sign-ins, then updates that
// mean nothing, and the rest in small numbers.
func mix() [][]byte {
	var out [][]byte
	id := func(i int) string { return fmt.Sprintf("%08x-1111-4222-8333-444455556666", i) }
	add := func(n int, make func(i int) string) {
		for range n {
			out = append(out, []byte(make(len(out))))
		}
	}
	add(60, func(i int) string { return signIn(id(i)) })
	add(20, func(i int) string {
		return audited("Directory_"+id(i)+"_AAAAA_1", "Update user", person(ingrid, "LastDirSyncTime", `"[\"2026-11-20T10:00:00Z\"]"`, `"[\"2026-11-20T10:30:00Z\"]"`))
	})
	add(8, func(i int) string {
		return audited("Directory_"+id(i)+"_AAAAA_2", "Update device", `{"id":"`+finance+`","displayName":"LAPTOP-1","type":"Device","modifiedProperties":[]}`)
	})
	add(6, func(i int) string {
		return audited("Directory_"+id(i)+"_AAAAA_3", "Add member to group", person(ingrid, "Group.ObjectID", "null", `"\"`+finance+`\""`))
	})
	add(3, func(i int) string {
		return audited("Authentication Methods_"+id(i)+"_AAAAA_4", "User registered security info", person(ingrid, "", "", ""))
	})
	add(2, func(i int) string {
		return audited("Directory_"+id(i)+"_AAAAA_5", "Update user", person(ingrid, "StrongAuthenticationMethod", `"[]"`, `"[{\"MethodType\":6,\"Default\":true}]"`))
	})
	add(1, func(i int) string {
		return audited("Directory_"+id(i)+"_AAAAA_6", "Add member to role", person(ingrid, "Role.TemplateId", "null", `"\"62e90394-69f5-4237-9190-012177145e10\""`))
	})
	return out
}

// signIn is a sign-in as diagnostic settings write it, of a common length.
func signIn(id string) string {
	return `{"time":"2026-11-20T11:00:00.1234567Z","resourceId":"/tenants/` + id + `/providers/Microsoft.aadiam","operationName":"Sign-in activity","operationVersion":"1.0",` +
		`"category":"SignInLogs","tenantId":"` + id + `","resultType":"0","resultSignature":"SUCCESS","durationMs":0,"callerIpAddress":"192.0.2.7","correlationId":"` + id + `",` +
		`"identity":"Ingrid Solberg","Level":4,"location":"NO","properties":{"id":"` + id + `","createdDateTime":"2026-11-20T11:00:00.1234567+00:00","userDisplayName":"Ingrid Solberg",` +
		`"userPrincipalName":"ingrid@nordwind.example","userId":"` + ingrid + `","appId":"00000003-0000-0000-c000-000000000000","appDisplayName":"Office 365",` +
		`"ipAddress":"192.0.2.7","status":{"errorCode":0,"additionalDetails":"MFA requirement satisfied by claim in the token"},"clientAppUsed":"Browser",` +
		`"deviceDetail":{"deviceId":"","displayName":"","operatingSystem":"Windows 11","browser":"Edge 130.0.0"},"location":{"city":"Bergen","state":"Vestland",` +
		`"countryOrRegion":"NO","geoCoordinates":{"latitude":60.39,"longitude":5.32}},"conditionalAccessStatus":"success","appliedConditionalAccessPolicies":[` +
		strings.Repeat(`{"id":"5e3cb481-2814-4295-b4cc-2440a6d66c86","displayName":"Require MFA","enforcedGrantControls":["Mfa"],"enforcedSessionControls":[],"result":"success"},`, 3) +
		`{"id":"x","result":"notApplied"}],"authenticationDetails":[],"isInteractive":true,"tokenIssuerType":"AzureAD","riskDetail":"none","riskState":"none"}}`
}

// BenchmarkDecode reads the mix record by record. Replay is to classify a hundred
// thousand records a second on one core, so one may take 10 µs.
func BenchmarkDecode(b *testing.B) {
	x := NewDecoder(DecoderOptions{})
	records := mix()
	size := 0
	for _, r := range records {
		size += len(r)
	}
	b.SetBytes(int64(size / len(records)))
	b.ReportAllocs()
	at := received()
	i := 0
	for b.Loop() {
		x.Record(records[i%len(records)], at)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
