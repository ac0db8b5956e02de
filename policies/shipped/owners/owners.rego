# METADATA
# title: A domain is bound only by its owner
# scope: package
# custom:
#   settings: shipped.owners
package bindgate.policy.shipped.owners

import rego.v2

# Each rule denies unless its condition is proven, so that a missing label denies.
deny contains {
	"msg": sprintf("the label %s is missing or empty: it names the owner of the domain", [settings.label]),
	"pointer": pointer,
} if {
	not owner_given
}

deny contains {
	"msg": sprintf("the owner %q owns no domain; want one of %s", [owner, concat(", ", known)]),
	"pointer": pointer,
} if {
	owner_given
	not owner in known
}

deny contains {
	"msg": sprintf("the domain does not belong to %s: %s", [owner, belongs]),
	"pointer": "/domainName",
} if {
	owner in known
	not owner in holders
}

# A wildcard serves every name below it that has no other binding.
deny contains {
	"msg": sprintf("the wildcard also serves %s, which belongs to %s and not to %s", [domain, holder, owner]),
	"pointer": "/domainName",
} if {
	owner in known
	startswith(name, "*.")
	some holder, domains in settings.domains
	some domain in domains
	endswith(plain(domain), substring(name, 1, -1))
	not holds(owner, domain)
}

settings := data.shipped.owners

name := plain(input.binding.domainName)

owner := value if {
	some key, value in input.binding.labels
	key == settings.label
	value != null
}

owner_given if trim_space(owner) != ""

known contains holder if some holder, _ in settings.domains

# covering are the owned domains that the name equals or lies below.
covering contains domain if {
	some domains in settings.domains
	some item in domains
	domain := plain(item)
	under(domain)
}

under(domain) if name == domain

under(domain) if endswith(name, concat("", [".", domain]))

longest := max({count(domain) | some domain in covering})

holders contains holder if {
	some holder, domains in settings.domains
	some domain in domains
	plain(domain) in covering
	count(plain(domain)) == longest
}

holds(holder, domain) if {
	some own in settings.domains[holder]
	plain(own) == plain(domain)
}

default belongs := "it has no owner"

belongs := sprintf("it belongs to %s", [concat(", ", holders)]) if count(holders) > 0

plain(text) := trim_suffix(lower(text), ".")

# pointer escapes the name of the label (RFC 6901).
pointer := sprintf("/labels/%s", [replace(replace(settings.label, "~", "~0"), "/", "~1")])
