package certificate

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/windows"
)

// readers returns who may read a file in addition to its owner, the system and the
// administrators, by its access list; empty for nobody. Entries that deny are not
// considered: they could only take from the result.
func readers(path string) (string, error) {
	sd, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.OWNER_SECURITY_INFORMATION|windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		return "", fmt.Errorf("reading its access list: %w", err)
	}
	return readersIn(sd)
}

func readersIn(sd *windows.SECURITY_DESCRIPTOR) (string, error) {
	owner, _, err := sd.Owner()
	if err != nil {
		return "", fmt.Errorf("reading its owner: %w", err)
	}
	list, _, err := sd.DACL()
	if err != nil {
		return "", fmt.Errorf("reading its access list: %w", err)
	}
	if list == nil {
		return "everybody (no access list)", nil
	}
	var names []string
	for i := range uint32(list.AceCount) {
		var entry *windows.ACCESS_ALLOWED_ACE
		if err := windows.GetAce(list, i, &entry); err != nil {
			return "", fmt.Errorf("reading its access list: %w", err)
		}
		if entry.Header.AceType == windows.ACCESS_DENIED_ACE_TYPE || entry.Header.AceFlags&windows.INHERIT_ONLY_ACE != 0 {
			continue
		}
		if entry.Header.AceType != windows.ACCESS_ALLOWED_ACE_TYPE {
			return "", fmt.Errorf("reading its access list: an entry is of type %d, which bindgate does not know", entry.Header.AceType)
		}
		if entry.Mask&(windows.FILE_READ_DATA|windows.GENERIC_READ|windows.GENERIC_ALL) == 0 {
			continue
		}
		sid := (*windows.SID)(unsafe.Pointer(&entry.SidStart)) // the entry ends with the identifier
		if sid.Equals(owner) || sid.IsWellKnown(windows.WinLocalSystemSid) || sid.IsWellKnown(windows.WinBuiltinAdministratorsSid) ||
			sid.IsWellKnown(windows.WinCreatorOwnerRightsSid) {
			continue
		}
		if name := accountName(sid); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if names == nil {
		return "", nil
	}
	return strings.Join(names, ", ") + " (access list)", nil
}

// accountName returns DOMAIN\NAME, or the identifier of an account that has no name here.
func accountName(sid *windows.SID) string {
	account, domain, _, err := sid.LookupAccount("")
	switch {
	case err != nil:
		return sid.String()
	case domain == "":
		return account
	}
	return domain + `\` + account
}
