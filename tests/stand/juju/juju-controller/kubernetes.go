package main

import (
	"context"
	"net/url"
	"strings"

	"github.com/juju/errors"
	authentication "k8s.io/api/authentication/v1"
	core "k8s.io/api/core/v1"
	rbac "k8s.io/api/rbac/v1"
	k8serrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	// systemNamespace is where "juju add-k8s" makes the account that Juju is in the cluster.
	systemNamespace = "kube-system"
	// jujuAccount is its name, and that of its binding.
	jujuAccount = "juju-credential"
	// tokenSeconds is for how long tokens are good, which are not renewed: nothing here lives for longer.
	tokenSeconds = 7 * 24 * 60 * 60
)

// kubernetesAPI is the cluster, spoken to as its administrator.
type kubernetesAPI struct {
	client kubernetes.Interface
	// endpoint is its URL, ca the certificate of its authority (PEM), and token that of the account that Juju is.
	endpoint, ca, token string
}

// connectKubernetes does what "juju add-k8s" does in a cluster that a kubeconfig leads to: makes an account for Juju.
func connectKubernetes(ctx context.Context, kubeconfig string) (*kubernetesAPI, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, errors.Annotatef(err, "reading %s", kubeconfig)
	}
	if err := rest.LoadTLSFiles(config); err != nil {
		return nil, errors.Annotatef(err, "reading what %s names", kubeconfig)
	}
	config.QPS = -1 // A stand that waits for its turn shows nothing.
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, errors.Trace(err)
	}
	api := &kubernetesAPI{client: client, endpoint: config.Host, ca: string(config.CAData)}
	account := meta.ObjectMeta{Name: jujuAccount, Namespace: systemNamespace}
	if _, err := client.CoreV1().ServiceAccounts(systemNamespace).Create(ctx,
		&core.ServiceAccount{ObjectMeta: account}, meta.CreateOptions{}); unexpected(err) {
		return nil, errors.Annotate(err, "making an account for Juju in Kubernetes")
	}
	if _, err := client.RbacV1().ClusterRoleBindings().Create(ctx, &rbac.ClusterRoleBinding{
		ObjectMeta: meta.ObjectMeta{Name: jujuAccount},
		RoleRef:    rbac.RoleRef{APIGroup: rbac.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbac.Subject{{Kind: rbac.ServiceAccountKind, Name: jujuAccount, Namespace: systemNamespace}},
	}, meta.CreateOptions{}); unexpected(err) {
		return nil, errors.Annotate(err, "giving Juju its rights in Kubernetes")
	}
	api.token, err = api.issueToken(ctx, systemNamespace, jujuAccount, nil)
	return api, err
}

// issueToken makes a token of a service account, which ends with the pod that it is for, if it is for one.
func (k *kubernetesAPI) issueToken(ctx context.Context, namespace, account string, pod *core.Pod) (string, error) {
	seconds := int64(tokenSeconds)
	spec := authentication.TokenRequestSpec{ExpirationSeconds: &seconds}
	if pod != nil {
		spec.BoundObjectRef = &authentication.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID}
	}
	made, err := k.client.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account,
		&authentication.TokenRequest{Spec: spec}, meta.CreateOptions{})
	if err != nil {
		return "", errors.Annotatef(err, "asking for a token of the service account %q", account)
	}
	return made.Status.Token, nil
}

// address is the host and the port of the API.
func (k *kubernetesAPI) address() (host, port string) {
	u, err := url.Parse(k.endpoint)
	if err != nil {
		return strings.TrimPrefix(k.endpoint, "https://"), ""
	}
	return u.Hostname(), u.Port()
}

func unexpected(err error) bool { return err != nil && !k8serrors.IsAlreadyExists(err) }
