package entra

import (
	"crypto/sha256"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

func received() time.Time { return time.Date(2026, 11, 20, 12, 0, 2, 0, time.UTC) }

func delivery(src holds.Source, body []byte) holds.Delivery {
	return holds.Delivery{
		Tenant: "nordwind", Connection: "entra-main", Source: src, Body: body, Digest: sha256.Sum256(body), Received: received(),
	}
}

// one decodes a record with a decoder that knows what is ours.
func one(t testing.TB, raw string) holds.Event {
	t.Helper()
	got := NewDecoder(ours()).Record([]byte(raw), received())
	if len(got) != 1 {
		t.Fatalf("%d events from one record", len(got))
	}
	return got[0]
}

// Ids of the people and things of the tests.
const (
	ingrid  = "1f0e98f5-3161-4c6b-9b50-d488572f2bb7"
	tess    = "2c940657-1026-4386-bcfd-3176637ba01f"
	ourApp  = "0aa4c1ce-0bd5-4a2c-9e0b-1b7f3fbb2f10"
	ourSP   = "7c1b6a10-3a52-4a9e-8d4e-5a0c2f0e9d11"
	ourSet  = "c0ffee00-1111-4222-8333-444455556666"
	pimSP   = "2a71ba9d-de5b-4f9a-a9df-73e68bc5ddcf"
	finance = "ef7e527d-6c92-4234-8c6d-cf6fdfb57f95"
)

func ours() DecoderOptions {
	return DecoderOptions{OwnAccounts: []string{ourSP, ourApp}, RestraintGroup: ourSet, PlatformPrincipals: []string{pimSP}}
}

// audited is a directoryAudit that an administrator made, with the given targets.
func audited(id, activity string, targets ...string) string {
	return `{"id":"` + id + `","category":"UserManagement","correlationId":"504a302a-8f2d-418d-b7df-bf77de6ed831","result":"success","resultReason":"",` +
		`"activityDisplayName":"` + activity + `","activityDateTime":"2026-11-20T11:00:00.1234567Z","loggedByService":"Core Directory","operationType":"Update",` +
		`"initiatedBy":{"app":null,"user":{"id":"` + tess + `","displayName":null,"userPrincipalName":"tess@nordwind.example","ipAddress":"198.51.100.7","roles":[]}},` +
		`"targetResources":[` + strings.Join(targets, ",") + `],"additionalDetails":[{"key":"User-Agent","value":"test"}]}`
}

// person is an account as a target, with one modified property; the values are JSON.
func person(id, property, old, now string) string {
	changes := ""
	if property != "" {
		changes = `{"displayName":"` + property + `","oldValue":` + old + `,"newValue":` + now + `}`
	}
	return `{"id":"` + id + `","displayName":"Ingrid Solberg","type":"User","userPrincipalName":"ingrid@nordwind.example","modifiedProperties":[` + changes + `]}`
}
