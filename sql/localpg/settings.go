package localpg

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// fixedSettings are given on the command line, which wins over every file in
// the data directory and over ALTER SYSTEM.
func fixedSettings(socketDir string, unsafe bool) map[string]string {
	durable := "on"
	if unsafe {
		durable = "off"
	}
	return map[string]string{
		"listen_addresses":        "",
		"port":                    port,
		"unix_socket_directories": quoteList(socketDir),
		"unix_socket_permissions": "0700",
		"password_encryption":     "scram-sha-256",
		"fsync":                   durable,
		"full_page_writes":        durable,
		// Also on in tests: what the server acknowledged survives its own
		// kill -9, which is what tests kill.
		"synchronous_commit": "on",
		"log_destination":    "stderr",
		"logging_collector":  "off",
		// Without DETAIL lines, which quote the values of rows.
		"log_error_verbosity": "terse",
		"log_timezone":        "UTC",
		"timezone":            "UTC",
	}
}

// quoteList quotes one element of a list setting, so that a comma or a space in
// a path stays part of it.
func quoteList(element string) string {
	return `"` + strings.ReplaceAll(element, `"`, `""`) + `"`
}

// serverArgs are the arguments of postgres.
func serverArgs(r root, socketDir string, unsafe bool, extra map[string]string) ([]string, error) {
	settings := fixedSettings(socketDir, unsafe)
	for name, value := range extra {
		name = strings.ToLower(name)
		if _, fixed := settings[name]; fixed || !isSettingName(name) {
			return nil, fmt.Errorf("setting %q of the private Postgres cannot be changed", name)
		}
		settings[name] = value
	}
	args := []string{"-D", r.data()}
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args, nil
}

// isSettingName refuses what is no plain name, and the settings that would lead
// the server to other files, which could undo the fixed ones or the rules of
// who may connect.
func isSettingName(name string) bool {
	switch name {
	case "", "data_directory", "config_file", "hba_file", "ident_file", "external_pid_file":
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789_.") == ""
}
