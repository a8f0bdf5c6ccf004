package oktasim

import "net/http"

// deviceOf finds the device of the path. Classic has no devices; with which status
// Okta says so is unverified.
func (s *Sim) deviceOf(c *call) (*Device, *Error) {
	if s.opt.Engine == Classic {
		return nil, errFeature()
	}
	id := c.r.PathValue("device")
	d := s.device(id)
	if d == nil {
		return nil, errNotFound(id, "Device")
	}
	c.subject = d.ID
	return d, nil
}

func (s *Sim) getDevice(c *call) (answer, *Error) {
	d, err := s.deviceOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, body: deviceWire(d, c.base)}, nil
}

func (s *Sim) postDeviceLifecycle(c *call) (answer, *Error) {
	d, err := s.deviceOf(c)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, s.moveDevice(c.cause, d, c.r.PathValue("step"))
}

func (s *Sim) listUserDevices(c *call) (answer, *Error) {
	if s.opt.Engine == Classic {
		return answer{}, errFeature()
	}
	p, err := s.target(c)
	if err != nil {
		return answer{}, err
	}
	out := []any{}
	for i := range s.org.Devices {
		if d := &s.org.Devices[i]; d.Owner == p.ID {
			out = append(out, map[string]any{"created": stamp(d.Created), "deviceUserId": "lnk" + d.ID[3:], "device": deviceWire(d, c.base)})
		}
	}
	return answer{status: http.StatusOK, body: out}, nil
}

func deviceWire(d *Device, base string) map[string]any {
	self := base + "/api/v1/devices/" + d.ID
	links := map[string]any{"self": href(self, "GET", "PUT"), "users": href(self+"/users", "GET")}
	for _, step := range map[string][]string{
		deviceActive: {"suspend", "deactivate"}, deviceSuspended: {"unsuspend", "deactivate"}, deviceDeactivated: {"activate"},
	}[d.Status] {
		links[step] = href(self+"/lifecycle/"+step, "POST")
	}
	return map[string]any{
		"id": d.ID, "status": d.Status, "created": stamp(d.Created), "lastUpdated": stamp(d.LastUpdated),
		"profile":    map[string]any{"displayName": d.Name, "platform": d.Platform, "registered": true, "secureHardwarePresent": true},
		"resourceId": d.ID, "resourceType": "UDDevice", "resourceAlternateId": nil,
		"resourceDisplayName": map[string]any{"value": d.Name, "sensitive": false}, "_links": links,
	}
}
