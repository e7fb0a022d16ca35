"""Names that many people know on the default registry, which others imitate. As of 2026-11-23.

OFFICIAL are repositories of the namespace `library`, PUBLISHERS namespaces of vendors and projects.
"""

from __future__ import annotations

OFFICIAL = frozenset({
    "adminer", "almalinux", "alpine", "amazoncorretto", "amazonlinux", "archlinux", "bash", "buildpack-deps", "busybox",
    "caddy", "cassandra", "chronograf", "clojure", "composer", "consul", "couchbase", "couchdb", "dart", "debian",
    "docker", "drupal", "eclipse-mosquitto", "eclipse-temurin", "elasticsearch", "elixir", "erlang", "fedora", "flink",
    "fluentd", "gcc", "ghost", "golang", "gradle", "groovy", "haproxy", "haskell", "hello-world", "httpd", "influxdb",
    "jenkins", "jetty", "joomla", "julia", "kibana", "kong", "logstash", "mariadb", "matomo", "maven", "mediawiki",
    "memcached", "mongo", "mongo-express", "mysql", "nats", "neo4j", "nextcloud", "nginx", "node", "odoo", "openjdk",
    "oraclelinux", "percona", "perl", "php", "phpmyadmin", "postgres", "pypy", "python", "rabbitmq", "redis", "redmine",
    "registry", "rocket.chat", "rockylinux", "ruby", "rust", "solr", "sonarqube", "swift", "telegraf", "tomcat",
    "traefik", "ubuntu", "varnish", "vault", "wordpress", "zookeeper",
})  # fmt: skip
PUBLISHERS = frozenset({
    "aquasec", "bitnami", "calico", "circleci", "cloudflare", "confluentinc", "containrrr", "datadog", "docker",
    "envoyproxy", "fluent", "gitlab", "gitea", "google", "grafana", "hashicorp", "istio", "jenkins", "jupyter",
    "kindest", "linuxserver", "localstack", "microsoft", "minio", "mongodb", "nginxinc", "opensearchproject", "oracle",
    "otel", "pihole", "portainer", "postgis", "prom", "prometheus", "pytorch", "rancher", "redhat", "selenium",
    "snyk", "splunk", "tensorflow", "timescale", "vaultwarden", "velero", "wazuh",
})  # fmt: skip
