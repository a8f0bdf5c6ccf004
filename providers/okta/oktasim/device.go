package oktasim

import "slices"

// The statuses of a device.
const (
	deviceActive      = "ACTIVE"
	deviceSuspended   = "SUSPENDED"
	deviceDeactivated = "DEACTIVATED"
)

func (s *Sim) device(id string) *Device {
	for i := range s.org.Devices {
		if s.org.Devices[i].ID == id {
			return &s.org.Devices[i]
		}
	}
	return nil
}

// registerDevice makes the device that an enrolment of Okta Verify brings.
func (s *Sim) registerDevice(p *Person, name string) *Device {
	s.org.Devices = append(s.org.Devices, Device{
		ID: newID("guo"), Name: name, Platform: "IOS", Status: deviceActive, Owner: p.ID, Created: s.now(), LastUpdated: s.now(),
	})
	return &s.org.Devices[len(s.org.Devices)-1]
}

// moveDevice takes a device through its life: only active ones are suspended, only
// suspended ones unsuspended, and deactivated ones activated. See
// https://developer.okta.com/docs/api/openapi/okta-management/management/tag/Device/.
// The words of the refusals are unverified.
func (s *Sim) moveDevice(c *cause, d *Device, step string) *Error {
	way, ok := map[string]struct {
		from []string
		to   string
	}{
		"suspend":    {[]string{deviceActive}, deviceSuspended},
		"unsuspend":  {[]string{deviceSuspended}, deviceActive},
		"activate":   {[]string{deviceDeactivated}, deviceActive},
		"deactivate": {[]string{deviceActive, deviceSuspended}, deviceDeactivated},
	}[step]
	if !ok {
		return errNoPath()
	}
	if !slices.Contains(way.from, d.Status) {
		return errValidation("device", "Cannot "+step+" a device that is "+d.Status)
	}
	d.Status, d.LastUpdated = way.to, s.now()
	s.emit(c, "device.lifecycle."+step, []Entity{deviceEntity(d)})
	return nil
}

func deviceEntity(d *Device) Entity {
	return Entity{ID: d.ID, Type: "UDDevice", AlternateID: "unknown", DisplayName: d.Name}
}

// usable tells whether a factor can be used: it is active, and on no device that is
// not.
func (s *Sim) usable(f *Factor) bool {
	if d := s.device(f.Device); d != nil && d.Status != deviceActive {
		return false
	}
	return f.Status == "ACTIVE"
}
