package okta

import (
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
)

// DecoderOptions say what at the organisation is Countersign's own. All of it is
// optional: without it nothing is recognised as ours.
type DecoderOptions struct {
	// OwnAccounts are the ids of our service account and app, OwnTokens those (never
	// the values) of our API tokens.
	OwnAccounts []string
	OwnTokens   []string
	// RestraintGroup is the id of the group whose deny rules restrain.
	RestraintGroup string
	// HookID is the id of our event hook.
	HookID string
}

// Decoder reads Okta's records into events. It needs no connection, makes no
// calls and is safe for concurrent use.
type Decoder struct {
	kinds    map[string]kind
	names    map[string]string // of the kinds, by themselves
	families []family
	accounts []string // ids of our service account and app
	tokens   []string
	ours     []string // both
	group    string
	hook     string
	rules    []string // ids of the policies and rules that restrain, as last read
}

// NewDecoder makes a decoder for logs as they are, such as an organisation's own
// exports. A connection's decoder is its Client.
func NewDecoder(o DecoderOptions) *Decoder {
	x := &Decoder{
		kinds: kinds(), families: families(), group: o.RestraintGroup, hook: o.HookID, tokens: slices.Clone(o.OwnTokens),
		accounts: slices.DeleteFunc(slices.Clone(o.OwnAccounts), func(s string) bool { return s == "" }),
	}
	x.ours = slices.Concat(x.accounts, x.tokens)
	x.names = make(map[string]string, len(x.kinds))
	for name := range x.kinds {
		x.names[name] = name
	}
	return x
}

// Decode is Decoder.Decode with what is this connection's own. The same delivery
// always gives the same events, except that policy changes are recognised as ours
// once Enforcement has read which rules those are.
func (c *Client) Decode(d holds.Delivery) []holds.Event { return c.decoder().Decode(d) }

// Decode reads a hook's envelope or a page of the System Log into events, one
// for every LogEvent in it. It never fails: what cannot be read with certainty
// becomes an unclassified event.
//
// The shapes are those of
// https://developer.okta.com/docs/concepts/event-hooks/ and
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/SystemLog/.
func (x *Decoder) Decode(d holds.Delivery) []holds.Event {
	raws, doubt, err := split(d)
	if err != nil {
		return []holds.Event{unread(d.Body, d.Received, "The whole delivery could not be read: "+err.Error())}
	}
	out := make([]holds.Event, len(raws))
	for i, raw := range raws {
		x.event(&out[i], raw, d.Received)
		if doubt != "" {
			addDoubt(&out[i], doubt)
		}
	}
	return out
}

// Record reads one record of an export into its events: a bare LogEvent, with
// whatever keys the exporter added; the same inside a stream's wrapping, as Okta's
// log streams to Amazon EventBridge ("detail") and to Splunk ("event") have it; or
// a whole event hook's envelope. It never fails, and one LogEvent is one event.
//
// See https://help.okta.com/oie/en-us/content/topics/reports/log-streaming/about-log-streams.htm.
func (x *Decoder) Record(raw []byte, received time.Time) []holds.Event {
	var l logEvent
	if err := l.walk(raw); err != nil {
		return []holds.Event{unread(raw, received, err.Error())}
	}
	if string(l.eventType) == `"`+hookType+`"` {
		return x.Decode(holds.Delivery{Source: holds.FromHook, Body: raw, Received: received})
	}
	out := make([]holds.Event, 1)
	if inner := l.wrapped(); inner != nil {
		x.event(&out[0], inner, received)
	} else {
		x.read(&out[0], &l, received)
	}
	return out
}

// addDoubt adds a doubt that applies to the whole delivery.
func addDoubt(e *holds.Event, doubt string) {
	e.Doubts = append(e.Doubts, doubt)
	if e.Class == holds.None {
		e.Class = holds.Unclassified
	}
	slices.Sort(e.Doubts)
	e.Doubts = slices.Compact(e.Doubts)
}
