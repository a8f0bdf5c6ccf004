package entrasim

import (
	"encoding/json"
	"net/http"
)

func (d *Device) wire() map[string]any {
	return map[string]any{
		"id": d.ID, "deviceId": d.DeviceID, "displayName": d.Name, "operatingSystem": d.System, "operatingSystemVersion": d.Version,
		"trustType": d.TrustType, "accountEnabled": d.Enabled, "registrationDateTime": stamp(d.Registered), "isCompliant": nil, "isManaged": nil,
		"approximateLastSignInDateTime": stamp(d.Registered), "deletedDateTime": nil, "profileType": "RegisteredDevice", "deviceOwnership": nil,
		"onPremisesSyncEnabled": nil, "manufacturer": nil, "model": nil, "physicalIds": []string{}, "alternativeSecurityIds": []any{},
	}
}

// registerDevice joins a new device to the tenant: one record by the device
// service, and three twins of the directory by its platform identity.
func (s *Sim) registerDevice(c *cause, p *Person, name, system string) *Device {
	d := Device{ID: newGUID(), DeviceID: newGUID(), Name: name, System: system, Version: "10.0.26100", TrustType: "Workplace", Enabled: true, Owner: p.ID, Registered: s.now()}
	s.org.Devices = append(s.org.Devices, d)
	by := s.deviceRegistration()
	s.emit(c, activity{
		service: coreDirectory, category: "Device", name: "Add device", operation: "Add", by: &by, noAgent: true,
		targets: []Target{deviceTarget(&d, changed("AccountEnabled", []any{}, []any{true}), changed("DeviceOSType", []any{}, []any{system}),
			changed("DeviceTrustType", []any{}, []any{d.TrustType}), included("AccountEnabled", "DeviceOSType", "DeviceTrustType"))},
	})
	for _, what := range []string{"owner", "users"} {
		s.emit(c, activity{
			service: coreDirectory, category: "Device", name: "Add registered " + what + " to device", operation: "Assign", by: &by, noAgent: true,
			targets: []Target{personTarget(p, changed("Device.ObjectID", nil, d.ID), changed("Device.DisplayName", nil, d.Name)), deviceTarget(&d)},
		})
	}
	s.emit(c, activity{
		service: deviceService, category: "Device", name: "Register device", operation: "Add",
		targets: []Target{deviceTarget(&d)}, details: []Detail{{"Device Id", d.DeviceID}, {"Device OS", system}, {"Device Trust Type", d.TrustType}, {"User", p.UPN}},
	})
	return &s.org.Devices[len(s.org.Devices)-1]
}

// setDevice enables or disables a device.
func (s *Sim) setDevice(c *cause, d *Device, enabled bool) {
	if d.Enabled == enabled {
		return
	}
	was := d.Enabled
	d.Enabled = enabled
	s.emit(c, activity{
		service: coreDirectory, category: "Device", name: "Update device", operation: "Update",
		targets: []Target{deviceTarget(d, changed("AccountEnabled", []any{was}, []any{enabled}), included("AccountEnabled"))},
	})
}

func (s *Sim) listDevices(c *call) (answer, *Error) {
	l := collection{context: "devices", kind: "microsoft.graph.device", filters: []string{"id", "deviceId", "displayName", "accountEnabled", "operatingSystem"}}
	for i := range s.org.Devices {
		l.items = append(l.items, s.org.Devices[i].wire())
	}
	return c.list(l)
}

// deviceOf finds the device of the path by its object id, and makes it the
// call's subject.
func (s *Sim) deviceOf(c *call) (*Device, *Error) {
	id := c.r.PathValue("device")
	if !isGUID(id) {
		return nil, errObjectID(id)
	}
	d := s.device(id)
	if d == nil {
		return nil, errNotFound(id)
	}
	c.subject = d.ID
	return d, nil
}

func (s *Sim) getDevice(c *call) (answer, *Error) {
	d, err := s.deviceOf(c)
	if err != nil {
		return answer{}, err
	}
	return c.one("devices", "microsoft.graph.device", d.wire(), nil)
}

func (s *Sim) patchDevice(c *call) (answer, *Error) {
	d, err := s.deviceOf(c)
	if err != nil {
		return answer{}, err
	}
	var set map[string]json.RawMessage
	if err := c.decode(&set); err != nil {
		return answer{}, err
	}
	enabled := d.Enabled
	for property, v := range set {
		if property == "@odata.type" {
			continue
		}
		if property != "accountEnabled" || json.Unmarshal(v, &enabled) != nil {
			return answer{}, errBadRequest("Property '" + property + "' does not exist or cannot be updated.")
		}
	}
	s.setDevice(c.cause, d, enabled)
	return answer{status: http.StatusNoContent}, nil
}
