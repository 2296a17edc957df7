# Read by the image's entrypoint as a cluster is made: a login for each role, with the
# rights of the group that `migrate --database-roles` gives them to. In production
# whoever looks after the databases does the same (README.md).
for role in command_api read_api relay projector worker; do
    name=$(printf '%s_PASSWORD' "$role" | tr '[:lower:]' '[:upper:]')
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$(printenv "$name")" \
        --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<END
CREATE ROLE orderlog_$role NOLOGIN;
CREATE ROLE $role LOGIN PASSWORD :'password' IN ROLE orderlog_$role;
END
done
# These two rebuild and rewrite read models, as the role that owns them.
if [ "$POSTGRES_DB" = views ]; then
    psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname views <<END
CREATE ROLE orderlog_views NOLOGIN;
ALTER ROLE projector IN DATABASE views SET role = 'orderlog_views';
ALTER ROLE worker IN DATABASE views SET role = 'orderlog_views';
END
fi
