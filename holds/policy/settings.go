package policy

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Settings are what an organisation tells the policy about itself. The zero value
// is the shipped policy: it knows no network, watches no group and trusts no
// automation. Every setting can only be named by ids and networks that the
// organisation controls; none is a word that an event could carry.
type Settings struct {
	// Networks are the organisation's own networks: its offices and its VPN. A
	// factor or device enrolled from one of them is not from an unknown network.
	Networks []netip.Prefix
	// WatchedGroups and WatchedApps are ids of groups and applications whose
	// membership gives remote access or much power, so that being added is held.
	WatchedGroups []string
	WatchedApps   []string
	// Automation are ids of the applications and service accounts that create and
	// update accounts: their changes of passwords, profiles and groups are recorded.
	// They are never believed for factors, recovery paths and roles.
	Automation []string
	// SensitiveDepartments are words of departments (compared without regard to case,
	// anywhere in the name) whose people are held to the high tier. Nil means
	// finance, payroll, executive, treasury and accounting.
	SensitiveDepartments []string
	// JoinerDays is for how many days after its creation an account is a joiner's,
	// whose own first enrolments are told and not held. Zero means 14, less than
	// zero that there are no joiners.
	JoinerDays int
}

// defaultJoinerDays covers an account made the week before somebody's first day.
const defaultJoinerDays = 14

// ready is the settings with what is left out filled in.
func (s Settings) ready() Settings {
	if s.SensitiveDepartments == nil {
		s.SensitiveDepartments = []string{"finance", "payroll", "executive", "treasury", "accounting"}
	}
	if s.JoinerDays == 0 {
		s.JoinerDays = defaultJoinerDays
	}
	return s
}

// joining is how long an account is a joiner's.
func (s Settings) joining() time.Duration {
	return time.Duration(max(s.JoinerDays, 0)) * 24 * time.Hour
}

// ours tells whether an address lies in one of the organisation's networks.
func (s Settings) ours(address string) bool {
	ip, err := netip.ParseAddr(address)
	if with, bad := netip.ParseAddrPort(address); bad == nil {
		ip, err = with.Addr(), nil
	}
	if err != nil {
		return false
	}
	ip = ip.Unmap().WithZone("")
	return slices.ContainsFunc(s.Networks, func(n netip.Prefix) bool { return n.Contains(ip) })
}

func (s Settings) sensitiveDepartment(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(s.SensitiveDepartments, func(word string) bool {
		return strings.Contains(name, strings.ToLower(word))
	})
}
