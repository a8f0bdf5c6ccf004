package modeltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/holds/keeper/keepertest"
)

// I5: every state change is one link of the hash chain, and the chain verifies from
// genesis to the externally anchored head.
//
// The second half is verified when all has come to rest, against every head that was
// remembered on the way.
func (h *History) I5() error {
	if h.Now.Size < h.Was.Size {
		return fmt.Errorf("the log had %d entries and has %d", h.Was.Size, h.Now.Size)
	}
	for _, now := range h.Now.Holds {
		was, _ := find(h.Was, now.ID)
		if moved(was, now) && h.Now.Log[now.ID] <= h.Was.Log[now.ID] {
			return fmt.Errorf("hold %s became %s, %s, version %d without an entry in the log", now.ID.Short(), now.State, now.Containment, now.Version)
		}
	}
	return nil
}

// moved tells whether a hold became another one.
func moved(was, now holds.Hold) bool {
	return was.State != now.State || was.Containment != now.Containment || was.Version != now.Version || was.Round != now.Round ||
		was.ContainRound != now.ContainRound || was.Outcome != now.Outcome || !was.NotMe.Equal(now.NotMe) || !was.ReleaseBegun.Equal(now.ReleaseBegun) ||
		!was.RestoreBegun.Equal(now.RestoreBegun) || len(was.Events) != len(now.Events) || len(was.Evidence) != len(now.Evidence) || len(was.Decisions) != len(now.Decisions)
}

// I6: GET/HEAD/OPTIONS change no row.
//
// Here: looking at a hold, a message and the directory changes nothing. That each
// page only looks is for the tests of the pages.
func (h *History) I6() error {
	if !h.Read {
		return nil
	}
	sum := func(s keepertest.State) string {
		out := fmt.Sprint(s.Size, len(s.Jobs), len(s.Inbox), len(s.Rulings), len(s.Intents), len(s.Notices))
		for _, hold := range s.Holds {
			out += fmt.Sprint(" ", hold.ID, hold.Revision, len(hold.Evidence), len(hold.Decisions))
		}
		for _, n := range s.Notices {
			out += fmt.Sprint(" ", n.ID, n.Status, n.Tries, n.Used)
		}
		return out
	}
	if sum(h.Was) != sum(h.Now) {
		return errors.New("somebody only looked, and a row changed")
	}
	return nil
}

// I7: no canary secret, token or cookie appears in log, DB text column, e-mail, error
// body or metric label.
//
// Here: the codes of messages and the addresses they go to are in no log line, audit
// entry, hold or job.
func (h *History) I7() error {
	text := h.Text
	for _, hold := range h.Now.Holds {
		if was, _ := find(h.Was, hold.ID); was.Revision != hold.Revision {
			doc, _ := json.Marshal(hold) //nolint:errchkjson // a hold always can be
			text += string(doc)
		}
	}
	for _, q := range h.Now.Jobs {
		text += q.Job.Why
	}
	for _, secret := range []string{secretCode, secretValue} {
		if strings.Contains(text, secret) {
			return fmt.Errorf("what begins with %s stands where many can read it", secret)
		}
	}
	return nil
}

// I8: no response to tenant A contains a byte of tenant B.
//
// Here: what belongs to a hold is of the hold's tenant, whatever the accounts are
// called, and another tenant's key opens nothing (the reviewers' look tries).
func (h *History) I8() error {
	tenants := map[holds.ConnectionID]holds.TenantID{okta: acme, entra: acme, other: globe}
	for _, hold := range h.Now.Holds {
		if tenants[hold.Connection] != hold.Tenant {
			return fmt.Errorf("a hold of %s stands under %s", hold.Connection, hold.Tenant)
		}
		if hold.Owner == "gina" != (hold.Tenant == globe) && hold.Owner != "" {
			return fmt.Errorf("%s of another tenant is said to own %s at %s", hold.Owner, hold.Subject.ID, hold.Connection)
		}
	}
	for _, r := range h.Now.Rulings {
		if tenants[r.Connection] != r.Tenant {
			return fmt.Errorf("a ruling about %s stands under %s", r.Connection, r.Tenant)
		}
	}
	for _, c := range h.Calls[h.given:] {
		if c.Intent.ID != "" && (c.Intent.Connection != c.Connection || c.Hold.Tenant != tenants[c.Connection]) {
			return fmt.Errorf("a hold of %s made a call at %s", c.Hold.Tenant, c.Connection)
		}
	}
	return nil
}

// I9: a 2xx to the IdP implies the raw body is durable (survives kill -9 of service
// and of Postgres).
//
// Here: of the service. Each delivery whose sender was told that we have it is in
// the inbox, and what is in there stays.
func (h *History) I9() error {
	have := map[[32]byte]bool{}
	for _, d := range h.Now.Inbox {
		have[d.Digest] = true
	}
	for digest := range h.Acknowledged {
		if !have[digest] {
			return errors.New("a delivery was acknowledged and is not in the inbox")
		}
	}
	if len(h.Now.Inbox) < len(h.Was.Inbox) {
		return errors.New("deliveries have gone from the inbox")
	}
	return nil
}
