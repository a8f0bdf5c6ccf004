package jobs

import (
	"slices"
	"strings"
	"time"

	"github.com/countersign/countersign/holds"
)

const (
	// schema is where River's tables live.
	schema = "river"
	// jobKind is the one River job kind; which effect it is, is an argument.
	jobKind = "countersign_effect"
	// maxAttempts outlasts an outage of a day: at the longest wait, shortened by
	// all its jitter, 500 attempts take 32 hours.
	maxAttempts = 500
	// whyLimit bounds the reason stored with a job, in bytes.
	whyLimit = 1000
)

// args is what is stored of a job: names and numbers, never a secret or
// personal data. Two waiting jobs with equal args are one job, so everything
// that makes an effect another effect must be in here.
type args struct {
	Effect     holds.EffectKind   `json:"effect"`
	Tenant     holds.TenantID     `json:"tenant"`
	Connection holds.ConnectionID `json:"connection,omitempty"`
	Hold       holds.HoldID       `json:"hold"`
	Notice     holds.NoticeID     `json:"notice,omitempty"`
	Why        string             `json:"why,omitempty"`
	Round      int                `json:"round"`
	At         time.Time          `json:"at,omitzero"`
	Epoch      int64              `json:"epoch"`

	// wait is what the last error asked for; it lives from Work to NextRetry.
	wait time.Duration
}

// Kind names the job to River.
func (args) Kind() string { return jobKind }

// argsOf checks a job and brings it into the form that is stored.
func argsOf(j holds.Job) (args, error) {
	switch {
	case !slices.Contains(holds.EffectKinds(), j.Kind):
		return args{}, holds.Refuse(holds.Invalid, "cannot queue a job of the unknown effect %q", string(j.Kind))
	case j.Key.Tenant == "" || j.Key.Hold == "":
		return args{}, holds.Refuse(holds.Invalid, "cannot queue the effect %s without a tenant and a hold", j.Kind)
	case j.Kind == holds.EffectSend && j.Notice == "":
		return args{}, holds.Refuse(holds.Invalid, "cannot queue the effect send of hold %s without a notice", j.Key.Hold)
	}
	return args{
		Effect: j.Kind, Tenant: j.Key.Tenant, Connection: j.Connection, Hold: j.Key.Hold,
		Notice: j.Notice, Why: storable(j.Why), Round: j.Round, At: stored(j.At), Epoch: j.Epoch,
	}, nil
}

// job is the job as its handler sees it.
func (a args) job(attempt int) holds.Job {
	return holds.Job{
		Effect:     holds.Effect{Kind: a.Effect, At: a.At, Notice: a.Notice, Why: a.Why, Round: a.Round},
		Key:        holds.Key{Tenant: a.Tenant, Hold: a.Hold},
		Connection: a.Connection,
		Epoch:      a.Epoch,
		Attempt:    attempt,
	}
}

// storable makes a text that Postgres takes: jsonb refuses NUL and broken
// UTF-8, and a reason must never be why a containment is not queued.
func storable(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	if len(text) > whyLimit {
		text = strings.ToValidUTF8(text[:whyLimit], "")
	}
	return text
}

// stored is a moment as Postgres keeps it: UTC, in microseconds, rounded up so
// that nothing runs early.
func stored(at time.Time) time.Time {
	if at.IsZero() {
		return time.Time{}
	}
	return at.Add(time.Microsecond - 1).UTC().Truncate(time.Microsecond)
}
