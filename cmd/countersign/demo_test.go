package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/countersign/countersign/holds"
)

// TestSweepDemos: what a killed demonstration left is removed, and nothing else.
func TestSweepDemos(t *testing.T) {
	place := t.TempDir()
	t.Setenv("TMPDIR", place)
	running, err := newDemoDir()
	if err != nil {
		t.Fatal(err)
	}
	killed, err := newDemoDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(killed.path, "service.log"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := killed.lock.Close(); err != nil { // as the kernel does for who is killed
		t.Fatal(err)
	}
	dir := func(name string, files ...string) {
		t.Helper()
		if err := os.Mkdir(filepath.Join(place, name), 0o700); err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(place, name, f), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	dir(demoPrefix+"beginning", demoLock+".new")
	dir(demoPrefix+"old", demoFile)
	dir("precious", demoLock)
	dir(demoPrefix + "led")
	for from, to := range map[string]string{demoPrefix + "link": "precious", demoPrefix + "led/" + demoLock: "precious/" + demoLock} {
		if err := os.Symlink(filepath.Join(place, to), filepath.Join(place, from)); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := sweepDemos(t.Context(), place)
	if err != nil || !slices.Equal(removed, []string{killed.path}) {
		t.Errorf("removed %v, %v", removed, err)
	}
	left, err := os.ReadDir(place)
	if err != nil || len(left) != 6 {
		t.Errorf("left: %v, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(place, "precious", demoLock)); err != nil {
		t.Error(err)
	}
	if err := running.remove(); err != nil {
		t.Error(err)
	}
	if err := (demoDir{}).remove(); err != nil { // it failed before there was one
		t.Error(err)
	}
}

// TestSweepOfAnothers: a directory of another account is left, lock or not.
func TestSweepOfAnothers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a directory away")
	}
	place := t.TempDir()
	t.Setenv("TMPDIR", place)
	d, err := newDemoDir()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(d.path, 65534, 65534); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if removed, err := sweepDemos(t.Context(), place); len(removed) != 0 || err != nil {
		t.Errorf("removed %v, %v", removed, err)
	}
}

// TestDemoJSONWithoutOnce is a mistake of usage.
func TestDemoJSONWithoutOnce(t *testing.T) {
	var out, errs strings.Builder
	err := run(t.Context(), []string{"demo", "--json"}, streams{out: &out, err: &errs})
	var code exitCode
	if !errors.As(err, &code) || code != 2 || out.String() != "" || !strings.Contains(errs.String(), "--once") {
		t.Errorf("%v, %q, %q", err, out.String(), errs.String())
	}
}

// TestStoryIsToldInOrder: the moments of all accounts of a person are one story,
// each with the connection it is of.
func TestStoryIsToldInOrder(t *testing.T) {
	start := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	at := func(s int) time.Time { return start.Add(time.Duration(s) * time.Second) }
	view := func(conn holds.ConnectionID, class holds.Class, received int) holds.View {
		return holds.View{Hold: holds.Hold{
			ID: holds.HoldID("h-" + conn), Connection: conn, Class: class, Subject: holds.Account{Login: "elif@nordwind.example"}, Owner: "elif",
			Received: at(received), Opened: at(received + 1), State: holds.Reverted, Standing: holds.Contained, Containment: holds.ContainmentConfirmed,
			Events:   []holds.EventRef{{ID: "e", Type: "of " + string(conn), Occurred: at(received - 2), Received: at(received)}},
			ClosedAt: at(3600), RevertDone: []string{"the role is removed."}, Irreversible: []string{"factors are gone"},
			Doubts: []string{"a doubt"},
		}, People: map[holds.PersonID]holds.Person{"elif": {Name: "Elif Demir"}}}
	}
	s := story{"A takeover", []holds.View{view("okta", holds.MFAChange, 10), view("entra", holds.RoleActivation, 9)}}
	var out strings.Builder
	if err := s.print(&out); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, l := range strings.Split(out.String(), "\n") {
		got = append(got, strings.Join(strings.Fields(l), " "))
	}
	want := []string{
		"", "A takeover: Elif Demir",
		"okta elif@nordwind.example mfa_change reverted, contained hold h-okta",
		"entra elif@nordwind.example role_activation reverted, contained hold h-entra",
		"! okta: a doubt", "! entra: a doubt",
		"09:00:07.000 -2000 ms entra occurred of entra",
		"09:00:08.000 -1000 ms okta occurred of okta",
		"09:00:09.000 +0 ms entra received by Countersign",
		"09:00:10.000 +1000 ms okta received by Countersign",
		"09:00:10.000 +1000 ms entra held under rule of , tier",
		"09:00:11.000 +2000 ms okta held under rule of , tier",
		"10:00:00.000 +60 min okta reverted the role is removed;", "factors are gone",
		"10:00:00.000 +60 min entra reverted the role is removed;", "factors are gone", "",
	}
	if !slices.Equal(got, want) {
		t.Errorf("told\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	out.Reset()
	if err := s.json(&out); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Split(strings.TrimSpace(out.String()), "\n"); len(lines) != 8 || !strings.Contains(lines[0], `"connection":"entra"`) || !strings.Contains(lines[0], `"since_received_ms":-2000`) {
		t.Errorf("%s", out.String())
	}
	if got := delayed(2950 * time.Millisecond).String(); !strings.Contains(got, "3.0 s") || !strings.Contains(got, "2 to 15 minutes") {
		t.Error(got)
	}
	for d, want := range map[time.Duration]string{-20 * time.Millisecond: "-20 ms", 90 * time.Second: "+90.0 s", time.Hour: "+60 min"} {
		if got := distance(d); got != want {
			t.Errorf("%s is told as %q, want %q", d, got, want)
		}
	}
}
