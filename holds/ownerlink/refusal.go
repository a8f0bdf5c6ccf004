package ownerlink

import "log/slog"

// Kind is why a link was refused. It is for our log and never for the page.
type Kind string

// The kinds, in the order in which they are looked for.
const (
	// KindMalformed: not a token of ours at all; a mail program cut it, or
	// somebody is trying things out.
	KindMalformed Kind = "malformed"
	// KindForged: of the right shape, but signed with no key we know.
	KindForged Kind = "forged"
	// KindWrongStep: good, but for another step than this page's.
	KindWrongStep Kind = "wrong_step"
	// KindExpired: good once.
	KindExpired Kind = "expired"
)

// RefusalText is what the outside is told, whatever the kind.
const RefusalText = "This link does not work. Use the newest message you got, or call your service desk on the number you know."

// Refusal is the error of [Minter.Open]. Its text is [RefusalText], so that it
// cannot tell more by being printed; log it with slog to see its kind.
type Refusal struct{ Kind Kind }

func (r *Refusal) Error() string { return RefusalText }

// LogValue makes the log show the kind.
func (r *Refusal) LogValue() slog.Value {
	return slog.StringValue("owner link refused: " + string(r.Kind))
}
