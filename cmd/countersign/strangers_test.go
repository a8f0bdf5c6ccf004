package main

import (
	"bufio"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/policy"
	"github.com/countersign/countersign/providers/entra"
	"github.com/countersign/countersign/providers/okta"
)

// G4: what somebody can bring about who is not let in restrains nobody, or whoever
// knows a login could lock its owner out. The whole catalogue of both platforms is
// walked: every activity that failed, and, with success, each of those below.

// oktaStrangers are the event types that Okta writes for whoever comes to the
// sign-in page, also those that no decoder lists: attempts, prompts, lockouts,
// requests for a reset and the messages that follow, and what Okta itself suspects
// (https://developer.okta.com/docs/reference/api/event-types/).
func oktaStrangers() []string {
	return []string{
		"user.session.start", "user.authentication.auth", "user.authentication.auth_via_mfa", "user.authentication.auth_via_IDP",
		"user.authentication.auth_via_AD_agent", "user.authentication.verify", "user.account.lock", "user.account.lock.limit",
		"user.account.reset_password", "user.account.unlock_token", "user.account.use_token", "user.account.access_super_user_app",
		"system.email.password_reset.sent_message", "system.sms.send_password_reset_message", "system.voice.send_password_reset_call",
		"system.email.account_unlock.sent_message", "system.push.send_factor_verify_push", "user.mfa.okta_verify.deny_push",
		"user.mfa.okta_verify.deny_push_upgrade_needed", "policy.evaluate_sign_on", "security.threat.detected", "security.request.blocked",
		"security.breached_credential.detected", "user.risk.detect", "user.risk.change", "app.oauth2.invalid_client_credentials",
		"system.org.rate_limit.violation", "system.org.rate_limit.warning", "system.operation.rate_limit.violation",
	}
}

// entraStrangers are the activities that Entra writes for whoever comes to its
// sign-in and self-service pages, or reports something
// (https://learn.microsoft.com/entra/identity/monitoring-health/reference-audit-activities).
func entraStrangers() []string {
	return []string{
		"self-service password reset flow activity progress", "blocked from self-service password reset", "user started password reset",
		"user started security info registration", "user canceled security info registration", "suspicious activity reported",
		"fraud reported - user is blocked for mfa",
	}
}

func oktaCatalogue(t *testing.T) (out []string) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "providers", "okta", "testdata", "catalogue.golden.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "  "); ok {
			out = append(out, strings.Fields(name)[0])
		}
	}
	return out
}

// entraCatalogue reads the names off the decoder's own table: every text that a
// call of add has.
func entraCatalogue(t *testing.T) (out []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "..", "providers", "entra", "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if f, ok := call.Fun.(*ast.Ident); !ok || f.Name != "add" {
				return true
			}
			for _, arg := range call.Args {
				if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					text, err := strconv.Unquote(lit.Value)
					if err != nil {
						t.Fatal(err)
					}
					out = append(out, text)
				}
			}
			return true
		})
	}
	return out
}

const (
	oktaVictim  = "00uVictimVictim00000"
	entraVictim = "0e571000-0000-4000-8000-0000000000aa"
)

// oktaEvent is a record of the System Log.
func oktaEvent(kind, result, actor string) string {
	raw, _ := json.Marshal(map[string]any{
		"uuid": "3f1c9d1e-aaaa-11ef-8000-000000000001", "eventType": kind, "published": "2026-11-02T09:00:00.000Z",
		"actor":   map[string]any{"id": map[string]string{"SystemPrincipal": "unknown", "User": oktaVictim}[actor], "type": actor, "alternateId": "x@acme.example"},
		"outcome": map[string]any{"result": result}, "client": map[string]any{"ipAddress": "203.0.113.9"},
		"target": []any{map[string]any{"id": oktaVictim, "type": "User", "alternateId": "victim@acme.example"}},
	})
	return string(raw)
}

// entraEvent is a directoryAudit.
func entraEvent(activity, result, actor string) string {
	by := map[string]any{"user": nil, "app": nil}
	if actor == "User" {
		by["user"] = map[string]any{"id": entraVictim, "userPrincipalName": "victim@acme.example", "ipAddress": "203.0.113.9"}
	}
	raw, _ := json.Marshal(map[string]any{
		"id": "Directory_1", "activityDisplayName": activity, "activityDateTime": "2026-11-02T09:00:00Z", "category": "UserManagement",
		"loggedByService": "Self-service Password Management", "result": result, "initiatedBy": by,
		"targetResources": []any{map[string]any{"id": entraVictim, "type": "User", "userPrincipalName": "victim@acme.example"}},
	})
	return string(raw)
}

// TestG4StrangersContainNobody.
func TestG4StrangersContainNobody(t *testing.T) {
	received := time.Date(2026, 11, 2, 9, 0, 1, 0, time.UTC)
	judge := policy.NewStarter(policy.Settings{})
	ordinary := holds.Snapshot{Account: holds.Account{ID: oktaVictim}, Status: holds.StatusActive}
	admin := ordinary
	admin.Roles = []holds.Role{{ID: "r", Kind: "SUPER_ADMIN", Privileged: true}}
	whose := map[string]holds.Facts{
		"an ordinary account":        {Mode: holds.ModeContain, Known: true, Snapshot: ordinary},
		"an administrator":           {Mode: holds.ModeContain, Known: true, Snapshot: admin},
		"an account nobody has read": {Mode: holds.ModeContain},
		"one that was loosened": {Mode: holds.ModeContain, Known: true, Snapshot: ordinary, Recent: []holds.Class{holds.RecoveryChange}, Chain: []holds.Past{
			{Class: holds.RecoveryChange, Verb: holds.Update, Occurred: received.Add(-time.Hour), By: holds.PartyPerson},
		}},
	}
	for platform, p := range map[string]struct {
		decode    func(holds.Delivery) []holds.Event
		event     func(kind, result, actor string) string
		catalogue []string
		strangers []string
		least     int
		failures  []string
		success   string
	}{
		"okta": {
			okta.NewDecoder(okta.DecoderOptions{}).Decode, oktaEvent, oktaCatalogue(t), oktaStrangers(), 230,
			[]string{"FAILURE", "DENY", "SKIPPED", "CHALLENGE", "RATE_LIMIT", "ABANDONED", "UNANSWERED"},
			"SUCCESS",
		},
		"entra": {
			entra.NewDecoder(entra.DecoderOptions{}).Decode, entraEvent, entraCatalogue(t), entraStrangers(), 150,
			[]string{"failure"},
			"success",
		},
	} {
		if n := len(p.catalogue); n < p.least {
			t.Fatalf("%s: only %d activities were found", platform, n)
		}
		try := func(kind, result, actor string) {
			for _, e := range p.decode(holds.Delivery{Source: holds.FromPoller, Body: []byte("[" + p.event(kind, result, actor) + "]"), Received: received}) {
				if !strings.EqualFold(strings.TrimSpace(e.Type), kind) && e.Class == holds.Unclassified {
					t.Errorf("%s: the test's own %q is not read: %v", platform, kind, e.Doubts)
				}
				for name, facts := range whose {
					facts.At = received
					if r := judge.Judge(e, facts); len(r.Terms.Contain) > 0 && r.Verdict == holds.HoldIt {
						t.Errorf("G4 %s: %q, %s, by %s, restrains %s (rule %s)", platform, kind, result, actor, name, r.Terms.Rule)
					}
				}
			}
		}
		for _, kind := range slices.Concat(p.catalogue, p.strangers) {
			for _, result := range p.failures {
				try(kind, result, "User")
				try(kind, result, "SystemPrincipal")
			}
		}
		for _, kind := range p.strangers {
			try(kind, p.success, "SystemPrincipal")
			if kind != "user.account.reset_password" { // somebody who is let in changes their own
				try(kind, p.success, "User")
			}
		}
	}
}
