# METADATA
# title: The change ticket of a binding is open and covers its domain
# description: |
#   The label changeTicket names a ticket. The facts tickets are an export of the system that keeps the tickets, taken
#   just before the run and passed with --external.
# scope: package
# custom:
#   needs: [external.tickets]
package bindgate.policy.ticket_is_open

import rego.v2

deny contains {"msg": "the binding names no change ticket", "pointer": "/labels/changeTicket"} if id == null

deny contains {"msg": sprintf("the change ticket %v is not open", [id]), "pointer": "/labels/changeTicket"} if {
	id != null
	not open
}

deny contains {"msg": sprintf("the change ticket %v does not cover %s", [id, name]), "pointer": "/labels/changeTicket"} if {
	open
	not name in tickets[id].domains
}

id := input.binding.labels.changeTicket

name := input.binding.domainName

tickets := input.external.tickets.facts.tickets

open if {
	some number, ticket in tickets
	number == id
	ticket.status == "open"
	time.parse_rfc3339_ns(ticket.begins) <= time.now_ns()
	time.now_ns() < time.parse_rfc3339_ns(ticket.ends)
}
