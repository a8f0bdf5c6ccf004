// Command idpsim runs a simulated identity provider and a mail sink on
// loopback addresses, for the demonstration and for tests of the whole program.
//
//	idpsim --listen 127.0.0.1:0 --admin 127.0.0.1:0 --smtp 127.0.0.1:0 --mail 127.0.0.1:0
//	       [--company FILE] [--engine oie|classic]
//
// When everything listens it prints one line of JSON, a [Ready], on standard
// output: the addresses, the API token and the service app's private key, the
// certificate to trust for STARTTLS and the whole company. It ends when
// standard input is closed, so that it cannot outlive its parent, or on SIGTERM
// or SIGINT.
//
// The admin address is the simulator's remote control, oktasim's /sim/ paths,
// and POST /mail/refuse?n=N makes the mail sink refuse the next N messages. It
// asks for no credentials: every address given must be a loopback one.
package main
