package main

import (
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers/entra/entrasim"
	"github.com/countersign/countersign/providers/okta/oktasim"
)

// takeover is a chain across both platforms, quicker than Okta's hook: the help desk
// believes a caller, who enrols a phone and with it gives the account the highest
// role of the directory.
func (d *directoryWorld) takeover() {
	d.Helper()
	d.world.told(d.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Identity))
	for reset := time.Now().UnixMilli(); time.Now().UnixMilli() == reset; { // the log tells moments apart by that much
		runtime.Gosched()
	}
	d.world.told(d.sim().EnrolsFactor(oktasim.Identity, "push", "an unknown phone", oktasim.From("elsewhere")))
	d.told(d.GrantsRole(entrasim.Identity, entrasim.Identity, entrasim.GlobalAdministrator, entrasim.From("elsewhere")))
}

// global tells whether the account is global administrator, as the directory says.
func (d *directoryWorld) global(account string) bool {
	return slices.Contains(d.RolesOf(account), entrasim.GlobalAdministrator)
}

// denied lets a reviewer deny a hold.
func (d *directoryWorld) denied(v holds.View, why string) {
	d.Helper()
	if p := d.reviewer(oktasim.ReviewerTwo).decide(v, holds.Deny, why); p.status != http.StatusOK {
		d.Fatalf("the deny was not taken: %d %s", p.status, p.words())
	}
}

// own is a hold that people decide about a change of its own class.
func own(c holds.Class) func(holds.View) bool {
	return func(v holds.View) bool {
		return isContained(v) && v.Hold.Leader == "" && v.Hold.Class == c && !v.Hold.ToldAt.IsZero()
	}
}

// C17: a chain across both platforms is one person's story: both accounts are
// restrained, each with its own standing, the owner hears of both changes, and a deny
// of both takes away the factor at Okta and the role at Entra, as they say themselves.
func TestC17ChainAcrossProviders(t *testing.T) {
	t.Parallel()
	d := newBoth(t)
	d.takeover()
	first := d.hold(oktasim.Identity, "the reset and the enrolment in one hold", func(v holds.View) bool {
		return own(holds.MFAChange)(v) && enrolled(v)
	})
	second := d.hold(entrasim.Identity, "the role in the same person's other hold", own(holds.RoleActivation))
	restrained(t, d.sim(), oktasim.Identity)
	d.restrained(entrasim.Identity)
	if first.Hold.Owner != "elif" || second.Hold.Owner != "elif" || second.Hold.Connection != directoryConnection {
		t.Errorf("the holds are %s's and %s's, at %s and %s", first.Hold.Owner, second.Hold.Owner, first.Hold.Connection, second.Hold.Connection)
	}
	if len(second.Siblings) != 1 || second.Siblings[0].Key.Hold != first.Hold.ID {
		t.Errorf("the role's hold knows nothing of the first one: %s, siblings %v", stands(second), second.Siblings)
	}
	letters := d.lettersTo(oktasim.Identity, 2)
	for _, l := range letters {
		if l.to != "elif@private.example" {
			t.Errorf("a message went to %s", l.to)
		}
	}
	p := d.reviewer(oktasim.Reviewer).hold(first.Hold.ID)
	p.shows("Other accounts of this person")
	p.shows(string(directoryConnection))

	d.denied(first, "Elif sits here and called nobody.")
	d.denied(d.view(second.Hold.ID), "Elif sits here and called nobody.")
	first = d.hold(oktasim.Identity, "the revert at Okta", inState(holds.Reverted))
	second = d.hold(entrasim.Identity, "the revert at Entra", inState(holds.Reverted))
	if o, _ := d.sim().Person(oktasim.Identity); len(o.Factors) != 0 {
		t.Errorf("the attacker's factor is still at Okta: %v", o.Factors)
	}
	if d.global(entrasim.Identity) || !slices.Contains(d.RolesOf(entrasim.Identity), entrasim.PrivilegedRoleAdministrator) {
		t.Errorf("her roles at Entra are now %v", d.RolesOf(entrasim.Identity))
	}
	restrained(t, d.sim(), oktasim.Identity)
	d.restrained(entrasim.Identity)
	d.oneStory(first, second)
	d.idle()
	if n := d.count("SELECT count(*) FROM holds"); n != 2 {
		t.Errorf("what we did ourselves made holds: there are %d", n)
	}
}

// oneStory: told as one, everything is in order and names its connection.
func (d *directoryWorld) oneStory(views ...holds.View) {
	d.Helper()
	var out strings.Builder
	d.must(story{"A takeover", views}.print(&out))
	text := strings.Join(strings.Fields(out.String()), " ")
	// Which platform's word comes first is chance, and the other account is held before
	// its own word comes; on each it is one after the other.
	for _, order := range [][]string{
		{
			"nordwind-okta occurred user.mfa.factor.reset_all by Tess Okafor", "nordwind-okta occurred user.mfa.factor.activate",
			"nordwind-entra occurred Add member to role (Global Administrator)",
		},
		{
			"nordwind-okta occurred user.mfa.factor.reset_all", "nordwind-okta held", "nordwind-okta restrained",
			"nordwind-okta reverted remove factor", "factors that were taken away cannot be put back",
		},
		{
			"nordwind-entra occurred Add member to role (Global Administrator)", "nordwind-entra held", "nordwind-entra restrained",
			"nordwind-entra reverted remove role",
		},
	} {
		at := -1
		for _, want := range order {
			i := strings.Index(text, want)
			if i <= at {
				d.Errorf("%q is not told, or not in order:\n%s", want, out.String())
			}
			at = i
		}
	}
	for _, want := range []string{"nordwind-okta received", "nordwind-entra received", "nordwind-okta owner told", "nordwind-entra owner told"} {
		if !strings.Contains(text, want) {
			d.Errorf("%q is not told:\n%s", want, out.String())
		}
	}
}

// graphDown makes every call to Graph fail until it is mended.
func (d *directoryWorld) graphDown() {
	d.Helper()
	d.must(d.Sim.Fail(entrasim.Fault{Path: "/v1.0/**", When: entrasim.FailBefore, How: entrasim.FailStatus, Status: http.StatusServiceUnavailable, Times: 100_000}))
}

// C17 while the second platform does not answer: the first half is contained, nothing
// is called contained that is not, people are paged and both pages say how it stands;
// what was missing is made up for when the platform is back.
func TestC17SecondProviderDown(t *testing.T) {
	t.Parallel()
	d := newBoth(t)
	d.graphDown()
	d.world.told(d.sim().HelpDeskResetsFactors(oktasim.HelpDesk, oktasim.Identity))
	first := d.hold(oktasim.Identity, "the account at Okta", isContained)
	restrained(t, d.sim(), oktasim.Identity)
	second := d.hold(entrasim.Identity, "the account at Entra to be called what it is", func(v holds.View) bool {
		return v.Hold.Standing == holds.Observed && len(v.Hold.Doubts) > 0
	})
	if second.Hold.Leader != first.Hold.ID || !strings.Contains(strings.Join(second.Hold.Doubts, " "), "not restrained") {
		t.Errorf("%s", stands(second))
	}
	d.until("people to be paged about it", func() (bool, string) {
		n := d.count("SELECT count(*) FROM notices WHERE hold_id = $1 AND audience = 'duty'", second.Hold.ID)
		return n > 0, "nobody is"
	})
	ruth := d.reviewer(oktasim.Reviewer)
	ruth.hold(first.Hold.ID).shows(string(holds.Observed))
	ruth.hold(second.Hold.ID).shows("not restrained")
	if out := d.good("holds", "show", string(first.Hold.ID)); !strings.Contains(out, fmt.Sprintf("at %s: pending, observed, hold %s, held with this one", directoryConnection, second.Hold.ID)) {
		t.Errorf("holds show says\n%s", out)
	}
	d.Mend()
	d.hold(entrasim.Identity, "the restraint after the outage", isContained)
	d.restrained(entrasim.Identity)
	d.released(d.view(first.Hold.ID), ruth, d.reviewer(oktasim.ReviewerTwo))
	d.hold(entrasim.Identity, "the release of both", inState(holds.Released))
	free(t, d.sim(), oktasim.Identity)
	d.free(entrasim.Identity)
}

// A deny while Graph does not answer undoes what it can at Okta; the role's hold is
// reverted only when the directory itself no longer shows the role.
func TestC17DenyWhileTheSecondProviderIsDown(t *testing.T) {
	t.Parallel()
	d := newBoth(t)
	d.takeover()
	first := d.hold(oktasim.Identity, "the hold at Okta", func(v holds.View) bool { return own(holds.MFAChange)(v) && enrolled(v) })
	second := d.hold(entrasim.Identity, "the hold at Entra", own(holds.RoleActivation))
	d.graphDown()
	d.denied(first, "Elif sits here and called nobody.")
	d.denied(second, "Elif sits here and called nobody.")
	d.hold(oktasim.Identity, "the revert at Okta", inState(holds.Reverted))
	v := d.hold(entrasim.Identity, "people to be told that the role is still there", func(v holds.View) bool {
		return strings.Contains(strings.Join(v.Hold.Doubts, " "), "could not be undone")
	})
	if v.Hold.State != holds.Denied || !d.global(entrasim.Identity) {
		t.Errorf("nothing could be undone, yet %s, and the roles are %v", stands(v), d.RolesOf(entrasim.Identity))
	}
	d.Mend()
	d.hold(entrasim.Identity, "the revert after the outage", inState(holds.Reverted))
	if d.global(entrasim.Identity) {
		t.Errorf("the revert was confirmed, and the roles are %v", d.RolesOf(entrasim.Identity))
	}
}
