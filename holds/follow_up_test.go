package holds

import (
	"testing"
	"time"
)

// TestR2TheAppsDeviceJoins: an authenticator app is enrolled on a device, which
// the platform tells of by itself, before the app's factors or after them. The
// release expects the one of the enrolment, and no other.
func TestR2TheAppsDeviceJoins(t *testing.T) {
	released := in(t, Released)
	add := func(class Class, request, actor string, after time.Duration) Joined {
		return Joined{Ref(Event{
			ID: string(class) + request, Class: class, Verb: Enrol, Occurred: released.ReleaseBegun.Add(after), Transaction: request,
			Actor: Party{ID: actor},
		}), demand()}
	}
	device, factor := add(DeviceRegistration, "one", "00uvictim", time.Minute), add(MFAChange, "two", "00uvictim", time.Minute)
	for name, order := range map[string][]Fact{"the device first": {device, factor}, "the device last": {factor, device}} {
		h := must(t, released, order...)
		if h.State != Released || len(h.Events) != 3 || h.Expectation.Met.IsZero() {
			t.Errorf("%s: %s with %d events, met %v", name, h.State, len(h.Events), h.Expectation.Met)
		}
		again := must(t, h, add(DeviceRegistration, "one", "00uvictim", time.Minute).twin())
		if len(again.Events) != 4 {
			t.Errorf("%s: the second record of the same device did not join", name)
		}
		for what, f := range map[string]Fact{
			"a second device":        add(DeviceRegistration, "three", "00uvictim", 2*time.Minute),
			"somebody else's device": add(DeviceRegistration, "four", "00uother", time.Minute),
			"a device too late":      add(DeviceRegistration, "five", "00uvictim", time.Hour),
		} {
			if _, err := Apply(h, f, at(30)); KindOf(err) != Conflict {
				t.Errorf("%s: %s was let through: %v", name, what, err)
			}
		}
	}
	if h := must(t, released, device); !h.Expectation.Met.IsZero() {
		t.Error("a device alone met the expectation of a factor")
	}
}

func (j Joined) twin() Joined {
	j.Event.ID += " again"
	return j
}
