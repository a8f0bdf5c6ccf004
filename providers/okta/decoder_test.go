package okta

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/countersign/countersign/holds"
)

// offline is a decoder as a replay has it: without a connection.
func offline() *Decoder { return NewDecoder(DecoderOptions{}) }

// A record means the same in every wrapping an export may have it in.
func TestRecordInEveryWrapping(t *testing.T) {
	event := reset(nil)
	want := one(t, event)
	for name, raw := range map[string]string{
		"bare":              event,
		"with extra keys":   strings.Replace(event, "{", `{"_raw":"x","p_log_type":"Okta.SystemLog","_id":{"$oid":"1"},`, 1),
		"EventBridge":       `{"version":"0","id":"e","detail-type":"SystemLog","source":"aws.partner/okta.com/x/y","detail":` + event + `}`,
		"Splunk":            `{"time":1795172400,"sourcetype":"OktaIM2:log","event":` + event + `}`,
		"hook":              `{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","data":{"events":[` + event + `]}}`,
		"with white space":  "\n\t " + event + "\n",
		"beside its source": strings.Replace(event, "{", `{"data":{"events":[]},"detail":{"eventType":"x"},`, 1),
	} {
		got := offline().Record([]byte(raw), received())
		if diff := cmp.Diff([]holds.Event{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	two := `{"eventType":"com.okta.event_hook","eventTypeVersion":"1.0","data":{"events":[` + event + "," + event + `]}}`
	if got := offline().Record([]byte(two), received()); len(got) != 2 {
		t.Errorf("a hook's envelope of two gave %d events", len(got))
	}
}

func TestB11RecordsThatAreNoneAreKept(t *testing.T) {
	event := reset(nil)
	for name, raw := range map[string]string{
		"nothing": "", "no JSON": "x", "a list": "[" + event + "]", "empty": "{}", "a word": `"x"`,
		"cut off":               event[:len(event)-2],
		"detail twice":          `{"detail":` + event + `,"detail":` + event + `}`,
		"detail in another way": `{"detail":` + event + `,"Detail":` + event + `}`,
		"type twice":            strings.Replace(event, "{", `{"eventType":"com.okta.event_hook",`, 1),
	} {
		got := offline().Record([]byte(raw), received())
		if len(got) != 1 || got[0].Class != holds.Unclassified || !strings.HasPrefix(got[0].ID, "sha256:") || len(got[0].Doubts) == 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Without knowing what is ours nothing is.
func TestNothingIsOursOffline(t *testing.T) {
	e := offline().Record([]byte(reset(map[string]any{"actor": map[string]any{"id": "00uCountersignSvc000", "type": "User"}})), received())[0]
	if e.Actor.Own || e.Class != holds.MFAChange {
		t.Errorf("%+v", e)
	}
	ours := NewDecoder(DecoderOptions{OwnAccounts: []string{"00uIngridSolberg0000", ""}})
	if e := ours.Record([]byte(reset(nil)), received())[0]; e.Class != holds.Tamper {
		t.Errorf("a change to our account is %s", e.Class)
	}
}
