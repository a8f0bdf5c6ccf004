package entrasim

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"
)

// TestConcurrentUse: calls, stories, notifications and the remote control at
// the same time; the race detector looks on, and every change has its record.
func TestConcurrentUse(t *testing.T) {
	r := newRig(t, Options{AuditDelay: time.Millisecond, BatchWindow: time.Millisecond})
	r.Switch(func(x *Switches) { x.AuditUnlimited = true })
	l := newListener(t)
	r.subscribed(l, "users")
	r.subscribed(l, "groups")
	people := []string{Engineer, EngineerTwo, Manager, Contractor}
	const rounds = 15
	var wg sync.WaitGroup
	for _, p := range people {
		wg.Go(func() {
			for range rounds {
				r.call(200, "POST", "/users/"+p+"/revokeSignInSessions", nil)
				restrain(r, p)
				r.call(204, "DELETE", "/groups/"+RestraintGroup+"/members/"+p+"/$ref", nil)
			}
		})
		wg.Go(func() {
			for range rounds {
				if _, err := r.RevokesSessions(HelpDesk, p, Failing("no")); err != nil {
					t.Error(err)
				}
				_, _ = r.SignsIn(p) // may be denied at that moment
				r.SignIn(p)
				r.Journal()
				r.Company()
				r.Log()
			}
		})
		wg.Go(func() {
			for range rounds {
				r.call(200, "GET", "/auditLogs/directoryAudits?$top=5", nil)
				r.call(200, "GET", "/identity/conditionalAccess/policies", nil)
				r.call(200, "GET", "/users/"+p+"/transitiveMemberOf", nil)
				r.Switch(func(x *Switches) { x.NotifyDuplicates = 1 - x.NotifyDuplicates })
				r.Subscriptions()
			}
		})
	}
	wg.Wait()
	r.settled()
	count := map[string]int{}
	for _, x := range r.Written() {
		count[x.ActivityDisplayName+" "+x.Result]++
	}
	n := rounds * len(people)
	for name, want := range map[string]int{
		"Update StsRefreshTokenValidFrom Timestamp success": n, "Update StsRefreshTokenValidFrom Timestamp failure": n,
		"Add member to group success": n, "Remove member from group success": n,
	} {
		if count[name] != want {
			t.Errorf("%s: %d, want %d", name, count[name], want)
		}
	}
}

// TestFaultThatHangs lets the caller wait until it gives up; the change is made.
func TestFaultThatHangs(t *testing.T) {
	r := newRig(t, Options{})
	if err := r.Fail(Fault{Method: "POST", Path: "/v1.0/users/*/revokeSignInSessions", When: FailAfter, How: FailHang}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	r.within = ctx
	if _, err := r.try("POST", "/v1.0/users/"+Engineer+"/revokeSignInSessions", nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the call ended with %v", err)
	}
	if p, _ := r.Person(Engineer); len(p.Sessions) != 0 {
		t.Error("the change was not made")
	}
}
