package okta

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/countersign/countersign/holds"
	"github.com/countersign/countersign/providers"
)

// split takes a delivery apart into raw events. The doubt applies to all of them.
func split(d holds.Delivery) (raws [][]byte, doubt string, err error) {
	top, err := providers.SplitJSON(d.Body)
	if err != nil {
		return nil, "", err
	}
	list := top
	if d.Source == holds.FromHook {
		if list, doubt, err = envelope(top); err != nil {
			return nil, "", err
		}
	}
	if list.Kind != providers.Array {
		return nil, "", refuse("it is not a list of events")
	}
	for _, item := range list.Items {
		raws = append(raws, item.Raw)
	}
	return raws, doubt, nil
}

// hookType is what the envelope of every event hook says it is.
const hookType = "com.okta.event_hook"

// envelope opens a hook's POST down to its list of events.
func envelope(top providers.JSON) (list providers.JSON, doubt string, err error) {
	if top.Kind != providers.Object {
		return list, "", refuse("it is not an event hook's envelope")
	}
	if name := top.Clash("eventType", "eventTypeVersion", "data"); name != "" {
		return list, "", refuse("its envelope can be read in two ways (" + shown(name) + ")")
	}
	if t := text(top.Field("eventType")); t != hookType {
		return list, "", refuse("its envelope is of type " + quoted(t))
	}
	if v := text(top.Field("eventTypeVersion")); v != "1.0" {
		doubt = "The event hook's version is " + quoted(v) + ", not the 1.0 this program was written for."
	}
	data, err := providers.SplitJSON(top.Field("data").Raw)
	if err != nil || data.Kind != providers.Object {
		return list, "", refuse("its envelope has no data")
	}
	if name := data.Clash("events"); name != "" {
		return list, "", refuse("its data can be read in two ways (" + shown(name) + ")")
	}
	list, err = providers.SplitJSON(data.Field("events").Raw)
	if err != nil {
		return list, "", refuse("its data has no list of events")
	}
	return list, doubt, nil
}

// text decodes a shallow string member.
func text(v providers.JSON) string {
	if v.Kind != providers.String {
		return ""
	}
	full, err := providers.ReadJSON(v.Raw)
	if err != nil {
		return ""
	}
	return full.Text
}

// event decodes one LogEvent into e.
func (x *Decoder) event(e *holds.Event, raw []byte, received time.Time) {
	var l logEvent
	if err := l.walk(raw); err != nil {
		*e = unread(raw, received, err.Error())
		return
	}
	x.read(e, &l, received)
}

// read says what a LogEvent means.
func (x *Decoder) read(e *holds.Event, l *logEvent, received time.Time) {
	if err := l.read(x.names); err != nil {
		*e = unread(l.raw, received, err.Error())
		e.Type = l.kind // for people, where it could be told
		return
	}
	e.ID, e.Type, e.Outcome, e.Actor = uuid(l.uuid.word()), l.kind, outcome(l.result), x.actor(l)
	e.Transaction, e.IP, e.Summary, e.Doubts = l.transaction(), l.ip(), l.summary(), l.doubts
	if e.ID == "" {
		e.ID = digestID(l.raw)
		e.Doubts = append(e.Doubts, "Okta's id of the event is missing or not a UUID; it is named by its digest instead.")
	}
	when, doubt := readTime(l.published, received)
	e.Occurred = when
	if doubt != "" {
		e.Doubts = append(e.Doubts, doubt)
	}
	x.subjects(e, l)
	x.classify(e, l)
	slices.Sort(e.Doubts)
	e.Doubts = slices.Compact(e.Doubts)
}

// unread is the event that stands for bytes which could not be read with
// certainty. Its id is its digest: a clean copy of the same event, from the
// other source, keeps Okta's id and is judged in its own right.
func unread(raw []byte, received time.Time, why string) holds.Event {
	return holds.Event{
		ID: digestID(raw), Class: holds.Unclassified, Verb: holds.Other, Occurred: received.UTC(),
		Outcome: holds.Unknown, Actor: holds.Party{Kind: holds.PartyUnknown},
		Summary: "An event that could not be read with certainty.", Doubts: []string{why},
	}
}

func digestID(raw []byte) string {
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// outcome maps Okta's results. What is not known is unknown, which is held like
// a success.
func outcome(result value) holds.Outcome {
	switch string(result) {
	case `"SUCCESS"`, `"ALLOW"`:
		return holds.Succeeded
	case `"FAILURE"`, `"DENY"`, `"SKIPPED"`, `"CHALLENGE"`, `"RATE_LIMIT"`, `"ABANDONED"`, `"UNANSWERED"`:
		return holds.Failed
	}
	return holds.Unknown // also UNKNOWN, DEFERRED and SCHEDULED: it may yet happen
}
