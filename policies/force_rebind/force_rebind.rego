# METADATA
# title: A force displaces only known groups, with a ticket, after the traffic has moved, outside freeze windows
# scope: package
# custom:
#   needs: [account, dns]
package bindgate.force.rebind

import rego.v2

default allow := false

allow if count(reasons) == 0

# Each reason belongs to one condition that must be true. An undecided condition
# is not true, so missing data gives a reason and no permission. No condition is a
# negation over a value that may be missing: that would be true without the value.
reasons contains {"msg": "the settings of force_rebind are incomplete or of the wrong type"} if not settings_sound

reasons contains {
	"msg": "the groups that would be displaced are not all known by id and name",
	"pointer": "/isForce",
} if {
	not displaced_known
}

reasons contains {
	"msg": sprintf("the group %s (%s) would be displaced and is protected", [group.groupId, group.groupName]),
	"pointer": "/isForce",
} if {
	some group in displaced
	not unprotected(group)
}

reasons contains {
	"msg": sprintf("the domain %s is protected and cannot be taken over by force", [name]),
	"pointer": "/domainName",
} if {
	some name in affected_names
	not domain_unprotected(name)
}

reasons contains {
	"msg": sprintf("the label %s is missing or empty", [name]),
	"pointer": label_pointer(name),
} if {
	some name in required_labels
	not label_given(name)
}

reasons contains {
	"msg": sprintf("the label %s is not a ticket: want %s", [settings.ticketLabel, settings.ticketPattern]),
	"pointer": label_pointer(settings.ticketLabel),
} if {
	label_given(settings.ticketLabel)
	not ticket_given
}

reasons contains {
	"msg": "the name resolves to a group that would be displaced, or its resolution is unknown: change it first",
	"pointer": "/domainName",
} if {
	not resolution_moved
}

reasons contains {
	"msg": sprintf("no force from %v to %v: %v", [window.from, window.to, window.reason]),
	"pointer": "/isForce",
} if {
	some window in settings.freezeWindows
	not closed(window)
}

settings := data.force_rebind

settings_sound if {
	every list in [settings.protectedGroups, settings.protectedDomains, settings.requiredLabels, settings.freezeWindows] {
		is_array(list)
	}
	every text in [settings.ticketLabel, settings.ticketPattern] {
		is_string(text)
	}
	every window in settings.freezeWindows {
		every text in [window.from, window.to, window.reason] {
			is_string(text)
		}
	}
}

displaced contains group if {
	some group in input.evidence.account.facts.boundGroups
	group.conflicts
}

displaced_known if {
	input.evidence.account.facts.complete
	every group in displaced {
		group.groupId != ""
		group.groupName != null
		group.groupName != ""
	}
}

unprotected(group) if {
	group.groupName != null
	every pattern in settings.protectedGroups {
		not covers(pattern, group.groupId)
		not covers(pattern, group.groupName)
	}
}

# affected_names are the requested name and every name that another group would
# lose: a forced wildcard unbinds the names below it, a forced name the wildcards
# above it.
affected_names contains input.binding.domainName

affected_names contains group.domain.domainName if some group in displaced

# domain_unprotected compares in both directions: an affected wildcard includes the
# protected names that it covers.
domain_unprotected(name) if {
	every pattern in settings.protectedDomains {
		not covers(pattern, name)
		not under(pattern, name)
	}
}

under(pattern, name) if {
	startswith(name, "*.")
	endswith(lower(pattern), substring(lower(name), 1, -1))
}

# covers passes null as the delimiters: an empty list means the dot, at which *
# would stop. It ignores letter case.
covers(pattern, name) if glob.match(lower(pattern), null, lower(name))

required_labels contains settings.ticketLabel

required_labels contains name if some name in settings.requiredLabels

# label_pointer escapes the name (RFC 6901).
label_pointer(name) := sprintf("/labels/%s", [replace(replace(name, "~", "~0"), "/", "~1")])

label_value(name) := value if {
	some key, value in input.binding.labels
	key == name
	value != null
}

label_given(name) if trim_space(label_value(name)) != ""

ticket_given if {
	regex.match(sprintf("^(?:%s)$", [settings.ticketPattern]), label_value(settings.ticketLabel))
}

# A binding that proves its domain by TXT has no CNAME to its own group, so the name
# must be seen to resolve to none of the displaced groups.
resolution_moved if input.results["dns/cname-reaches-group"].status == "pass"

resolution_moved if {
	input.binding.domainProof == "txt"
	input.evidence.dns.facts.end.name != ""
	every group in displaced {
		group.subDomain != null
		group.subDomain != ""
		not plain(group.subDomain) in names_on_the_path
		not aliased_to(group)
	}
}

names_on_the_path contains plain(input.evidence.dns.facts.end.name)

names_on_the_path contains plain(hop.target) if some hop in input.evidence.dns.facts.hops

plain(name) := trim_suffix(lower(name), ".")

aliased_to(group) if input.evidence.account.facts.cnameTarget.groupId == group.groupId

# A window includes its first instant but not its last.
closed(window) if {
	from := time.parse_rfc3339_ns(window.from)
	to := time.parse_rfc3339_ns(window.to)
	from < to
	outside(from, to)
}

outside(from, _) if run_now < from

outside(_, to) if run_now >= to

run_now := time.parse_rfc3339_ns(input.run.now)
