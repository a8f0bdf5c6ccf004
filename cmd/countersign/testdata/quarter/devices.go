package quarter

import "time"

// devices: new laptops, set up at the office or at home.
func (w *world) devices() {
	for range w.some("new laptops", laptops) {
		t := w.moment()
		w.registersDevice(w.somebody(t), t)
	}
	for range w.some("own device keys read", ownDeviceKeys) {
		t := w.moment()
		w.readsKey(w.somebody(t), t, "Read BitLocker key")
	}
	for range w.times("device keys read by IT", deviceKeys) {
		t := w.moment()
		w.readsKey(w.desk(), t, one(w.chance, []string{"Read BitLocker key", "Recover device local administrator password"}))
	}
}

// registersDevice writes what joining a computer writes: the person's record, and
// the directory's by its device service.
func (w *world) registersDevice(p *person, t time.Time) string {
	d := w.entra(t, p)
	id, name := w.guid(), "QD-"+w.digits("0123456789ABCDEF", 6)
	device := func() target { return object("Device", id, name) }
	d.doesBy(devices(), directory, "Device", "Add device", "", []target{device()})
	d.doesBy(devices(), directory, "Device", "Add registered owner to device", "", []target{account(p, changed("Device.ObjectID", nil, id)), device()})
	d.doesBy(devices(), directory, "Device", "Add registered users to device", "", []target{account(p, changed("Device.ObjectID", nil, id)), device()})
	return d.does(deviceReg, "Device", "Register device", "", []target{device()}, keyed{"Device OS", "Windows"}, keyed{"Device Trust Type", "AzureAD"})
}

func (w *world) readsKey(p *person, t time.Time, activity string) {
	w.entra(t, p).does(deviceReg, "KeyManagement", activity, "", []target{object("Device", w.guid(), "QD-"+w.digits("0123456789ABCDEF", 6))})
}
