// Package health tells machines how this process is: whether it lives, whether it is
// ready, and its figures for Prometheus. It has a listener of its own, so that nobody
// who reaches the hooks or the owners' pages reaches it, and a scrape that hangs
// takes no connection from them.
//
//	GET /livez    200 while the process answers; it asks nothing of anybody
//	GET /readyz   200 while the database answers and takes what arrives, else 503
//	GET /metrics  the figures, in Prometheus' text format; with a bearer token, if one is set
//
// It promises:
//   - Labels are bounded: connections of the configuration, providers, and words from
//     closed lists. An account, a person, an address or an error is never one.
//   - Asking often costs little: the database is asked for the figures every few
//     seconds at most, and once a second whether it is there, however many ask us; each
//     question has a deadline. Figures that could not be read are left out, and
//     countersign_look_ok says so.
//   - It changes nothing and shows nothing but figures: there is no profiler here, no
//     configuration and no version of the libraries' choosing.
package health
