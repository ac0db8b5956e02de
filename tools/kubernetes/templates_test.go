package kubernetes

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// TestAudit reads the template as the API server does with strict validation: unknown and
// duplicate fields are errors.
func TestAudit(t *testing.T) {
	text, err := os.ReadFile("../../templates/kubernetes/bindgate-audit.yaml")
	if err != nil {
		t.Fatal(err)
	}
	claim, job, ok := bytes.Cut(text, []byte("\n---\n"))
	if !ok {
		t.Fatal("there is one document, want two")
	}
	var volume core.PersistentVolumeClaim
	if err := yaml.UnmarshalStrict(claim, &volume); err != nil {
		t.Fatal(err)
	}
	var cron batch.CronJob
	if err := yaml.UnmarshalStrict(job, &cron); err != nil {
		t.Fatal(err)
	}
	if volume.Kind != "PersistentVolumeClaim" || volume.APIVersion != "v1" || cron.Kind != "CronJob" || cron.APIVersion != "batch/v1" || cron.Spec.ConcurrencyPolicy != batch.ForbidConcurrent {
		t.Errorf("got %+v and %+v", volume, cron)
	}
	pod := cron.Spec.JobTemplate.Spec.Template.Spec
	if len(pod.Containers) != 1 || pod.RestartPolicy != core.RestartPolicyNever || pod.SecurityContext == nil || !*pod.SecurityContext.RunAsNonRoot {
		t.Fatalf("got %+v", pod)
	}
	c := pod.Containers[0]
	if s := c.SecurityContext; s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
		t.Errorf("got the security context %+v", s)
	}
	for _, m := range c.VolumeMounts {
		i := slices.IndexFunc(pod.Volumes, func(v core.Volume) bool { return v.Name == m.Name })
		if i < 0 {
			t.Fatalf("no volume %q", m.Name)
		}
		if p := pod.Volumes[i].PersistentVolumeClaim; p != nil && (p.ClaimName != volume.Name || m.MountPath != c.WorkingDir) {
			t.Errorf("the volume %q is %+v, mounted on %q", m.Name, p, m.MountPath)
		}
	}
	for _, e := range c.Env { // a secret belongs in the Secret
		t.Errorf("got the variable %q in the template", e.Name)
	}
	if args := strings.Join(c.Args, " "); !strings.HasPrefix(args, "audit ") || !strings.Contains(args, "--since=report.json") || !strings.Contains(args, "json=report.json") {
		t.Errorf("got %s", args)
	}
}
