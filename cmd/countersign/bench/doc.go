// Command bench measures the service beside what it cannot be faster than, and
// beside what a team would write instead.
//
//	bench [--only NAME,…] [--short] [--markdown]
//
// It starts a private Postgres that keeps what it confirms, the simulated identity
// providers (idpsim) and the real program (countersign serve) as processes of their
// own, on a real configuration, and prints one table: what is measured, its aim,
// what came of it and what is missing. The programs must lie beside it, as `make
// bench` puts them.
//
// What takes turns: a figure that is a quotient comes from rounds in which the two
// sides follow each other, on the same server. Each is a median; the spread is how
// far the least and the most are apart, in per cent of the median. Where that of the
// denominator is over 25 %, something else had the machine, and no quotient is
// printed. The load comes from the same machine and takes its part of the
// processors, on both sides.
//
// What is not in the figures: Okta's own time between an event and its hook, and
// the network between.
package main
