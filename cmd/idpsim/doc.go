// Command idpsim runs two simulated identity providers, an Okta organisation and
// an Entra directory of the same company, and a mail sink on loopback addresses,
// for the demonstration and for tests of the whole program.
//
//	idpsim --listen 127.0.0.1:0 --entra-listen 127.0.0.1:0 --admin 127.0.0.1:0
//	       --smtp 127.0.0.1:0 --mail 127.0.0.1:0
//	       [--company FILE] [--engine oie|classic] [--entra-company FILE]
//
// When everything listens it prints one line of JSON, a [Ready], on standard
// output: the addresses, the API token and the service app's private key at Okta,
// the application and its client secret at Entra, the certificate to trust for
// STARTTLS and both companies whole. It ends when standard input is closed, so
// that it cannot outlive its parent, or on SIGTERM or SIGINT.
//
// The admin address is the simulators' remote control: oktasim's /sim/ paths,
// entrasim's under /entra/sim/; POST /play, which tells stories of both right after
// one another, [{"at":"okta","story":"reset-factors","request":{…}},
// {"at":"entra","story":"grant-role","request":{…}}], and answers with what each
// did; and POST /mail/refuse?n=N, which makes the mail sink refuse the next N
// messages. It asks for no credentials: every address given must be a loopback one.
package main
