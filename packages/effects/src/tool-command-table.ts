/**
 * Tools whose subcommand says what they do, as data. The longest run of words that is listed wins; a subcommand that
 * is not listed is an `exec`, or what `otherwise` says.
 */
import { optionSet } from "./scan-options.ts";

/** look: only reads · change: writes · run: executes project code · fetch: network · install: brings in packages ·
 * deploy, destroy, remove: on systems elsewhere · secret: shows secrets · wrap: runs the words after it ·
 * opaque: runs text that is not understood. */
export type ToolOutcome =
  | "look"
  | "change"
  | "run"
  | "fetch"
  | "install"
  | "deploy"
  | "destroy"
  | "remove"
  | "secret"
  | "wrap"
  | "opaque";

export interface ToolTable {
  /** Options before the subcommand that take a value. */
  readonly values: ReadonlySet<string>;
  readonly outcomes: ReadonlyMap<string, ToolOutcome>;
  readonly otherwise: ToolOutcome;
  /** Options that turn a harmless outcome into another, anywhere in the words. */
  readonly turns: Readonly<Record<string, ToolOutcome>>;
  /** Operations are named `describe-x`, `delete-x`: the verb says what they do. */
  readonly verbs: boolean;
  /** What it changes is on another machine. */
  readonly remote: boolean;
  /** An operand like this makes a look a look at secrets. */
  readonly secretWords: RegExp | undefined;
}

type Row = { readonly [K in ToolOutcome]?: string } & {
  readonly values?: string;
  readonly otherwise?: ToolOutcome;
  readonly turns?: Readonly<Record<string, ToolOutcome>>;
  readonly verbs?: boolean;
  readonly remote?: boolean;
  readonly secretWords?: RegExp;
};

const OUTCOMES: readonly ToolOutcome[] = [
  "look",
  "change",
  "run",
  "fetch",
  "install",
  "deploy",
  "destroy",
  "remove",
  "secret",
  "wrap",
  "opaque",
];

const NPM: Row = {
  values: "--prefix -w --workspace -C --dir --filter -F --cwd --registry --userconfig --cache --loglevel",
  look: "ls,list,ll,la,view,info,show,v,outdated,audit,why,explain,root,prefix,bin,help,ping,whoami,fund,search,doctor,licenses,pkg get,config get,config list,config ls,cache ls,-v,--version,query,sbom,diff",
  run: "test,t,tst,run,run-script,start,stop,restart,build,lint,dev,pack,rebuild,prune,dedupe,node,workspaces,check,format,typecheck",
  install:
    "install,i,in,ins,isntall,add,ci,install-test,it,install-ci-test,cit,update,up,upgrade,link,ln,uninstall,un,remove,rm,r,import,create,init,innit,set,policies,exec,x,dlx,npx,audit fix,self-update,global,plugin,patch,patch-commit,approve-builds,version",
  deploy: "publish,unpublish,deprecate,dist-tag,owner,access,org,team,hook,star,unstar,stage,trust",
  secret: "token,login,adduser,logout,config,config set,set-script,profile,c",
};
const NPX: Row = { otherwise: "install" };

const ROWS: Readonly<Record<string, Row>> = {
  "npm pnpm yarn cnpm": NPM,
  "npx bunx pnpx uvx pipx-run": NPX,
  "pip pip2 pip3": {
    values: "--python --log --proxy --cache-dir --index-url -i",
    look: "list,show,freeze,check,search,index,inspect,help,debug,--version,-V,config list,config get,cache list,cache info,hash,completion",
    install: "install,uninstall,download,wheel,lock",
    secret: "config",
    otherwise: "install",
  },
  pipx: {
    look: "list,environment,--version",
    install: "install,inject,upgrade,upgrade-all,uninstall,uninstall-all,reinstall,reinstall-all,run,runpip,ensurepath",
  },
  "poetry pdm hatch rye pipenv uv": {
    values: "-C --directory --project --config -P",
    look: "show,env info,env list,check,search,about,--version,-V,config --list,tree,graph,pip list,pip show,pip freeze,python list,cache dir,help",
    wrap: "run",
    install: "add,install,update,remove,lock,sync,self,init,new,uninstall,pip,tool,python,venv,env,x,upgrade,clean",
    deploy: "publish",
    run: "build,shell,test,fmt",
  },
  gem: {
    look: "list,search,info,environment,contents,which,help,--version,dependency,outdated",
    install: "install,uninstall,update,pristine,cleanup,fetch",
    deploy: "push,yank,owner",
    secret: "signin",
  },
  "bundle bundler": {
    look: "list,info,show,outdated,check,platform,env,licenses,--version",
    wrap: "exec",
    install: "install,update,add,remove,lock,init,package,cache,clean",
    deploy: "release",
  },
  composer: {
    look: "show,info,outdated,validate,licenses,depends,prohibits,search,diagnose,--version,check-platform-reqs,status",
    install: "install,update,require,remove,create-project,global,self-update,init",
    run: "run-script,exec,dump-autoload,test",
  },
  cargo: {
    values: "--manifest-path -C --color --config -Z --target-dir",
    look: "tree,metadata,search,--version,version,help,locate-project,pkgid,info",
    run: "build,b,check,c,test,t,run,r,bench,clippy,fmt,doc,d,clean,fix,nextest,rustc,miri",
    install: "install,uninstall,add,remove,rm,update,fetch,vendor,init,new,generate-lockfile",
    deploy: "publish,yank,owner",
    secret: "login,logout",
  },
  go: {
    values: "-C",
    look: "version,env,list,doc,help,mod graph,mod why,mod verify,vet",
    run: "run,test,build,generate,tool,fmt,fix,clean,work",
    install: "get,install,mod,mod tidy,mod download,mod init,mod vendor,mod edit",
    turns: { "-w": "change", "-u": "change", "-exec": "run", "-toolexec": "run", "-vettool": "run" },
  },
  "apt apt-get aptitude": {
    values: "-o -c -t",
    look: "list,search,show,policy,depends,rdepends,--version,changelog,moo",
    install:
      "install,remove,purge,update,upgrade,full-upgrade,dist-upgrade,autoremove,reinstall,build-dep,source,download,edit-sources,clean,autoclean,satisfy",
    otherwise: "install",
  },
  "apt-cache dpkg-query rpm-query": {
    look: "search,show,policy,depends,rdepends,showpkg,stats,madison,-l,-L,-s,-S,-W",
    otherwise: "look",
  },
  dpkg: {
    look: "-l,-L,-s,-S,-p,--list,--listfiles,--status,--search,--get-selections,--print-architecture,--version,-c,-I,--contents,--info",
    otherwise: "install",
  },
  "yum dnf zypper pacman apk brew port snap flatpak nix nix-env emerge xbps-install choco scoop winget conda mamba micromamba pkg rpm":
    {
      look: "list,search,info,show,outdated,deps,--version,doctor,leaves,home,desc,-Q,-Qi,-Ql,-Ss,-Si,-q,-qa,-qi,-ql,env list,repolist,provides,uses,cat,path-info",
      otherwise: "install",
    },
  "docker podman nerdctl": {
    values: "-H --host -c --context --config -l --log-level --url --connection",
    look: "ps,images,logs,inspect,stats,top,port,version,info,history,diff,search,events,container ls,container list,container ps,container inspect,container logs,container stats,container top,image ls,image list,image inspect,image history,volume ls,volume inspect,network ls,network inspect,system df,system info,compose ps,compose logs,compose config,compose ls,compose images,compose top,compose version,context ls,context show,context inspect,buildx ls,buildx inspect,manifest inspect,node ls,service ls,service ps,service logs,stack ls,stack ps,--version,-v,help",
    remove:
      "rm,rmi,kill,prune,container rm,container remove,container prune,container kill,image rm,image prune,image remove,volume rm,volume prune,volume remove,network rm,network prune,network remove,system prune,builder prune,buildx prune,buildx rm,compose down,compose rm,compose kill,stack rm,service rm,secret rm,config rm,swarm leave,node rm,context rm,pod rm,machine rm",
    deploy:
      "push,image push,stack deploy,service create,service update,service scale,swarm init,swarm join,compose push,manifest push,trust",
    run: "run,exec,start,restart,create,build,stop,pause,unpause,attach,cp,commit,export,import,load,save,tag,update,wait,rename,container run,container exec,image build,buildx build,builder build,compose up,compose run,compose exec,compose build,compose start,compose stop,compose restart,compose create,compose watch,compose cp,compose attach",
    fetch: "pull,image pull,compose pull",
    secret: "login,logout,secret create,secret inspect",
  },
  "docker-compose podman-compose": {
    values: "-f --file -p --project-name --profile --env-file --project-directory",
    look: "ps,logs,config,images,top,version,port,events",
    remove: "down,rm,kill",
    run: "up,run,exec,build,start,stop,restart,create,pause,unpause",
    fetch: "pull",
    deploy: "push",
  },
  "kubectl oc k": {
    values:
      "-n --namespace --context --cluster --kubeconfig -s --server --user --as --as-group --token --request-timeout -v --certificate-authority --client-key --client-certificate --cache-dir",
    secretWords: /(?:^|,)secrets?(?:[,/.]|$)/,
    look: "get,describe,logs,top,explain,version,api-resources,api-versions,cluster-info,diff,config view,config get-contexts,config current-context,config get-clusters,auth can-i,auth whoami,rollout status,rollout history,events,wait,kustomize,help,options,completion",
    deploy:
      "apply,create,patch,replace,edit,scale,autoscale,set,label,annotate,expose,run,rollout,rollout restart,rollout undo,rollout pause,rollout resume,taint,cordon,uncordon,certificate,adm,new-app,new-project,policy,process",
    destroy: "delete,drain",
    run: "exec,attach,cp,port-forward,proxy,debug,rsh,rsync,plugin",
    secret: "create token,config set-credentials,config,auth,login",
  },
  helm: {
    values: "-n --namespace --kube-context --kubeconfig",
    look: "list,ls,status,get,history,show,inspect,search,template,lint,version,env,verify,dependency list,repo list,plugin list",
    deploy: "install,upgrade,rollback,test,push",
    destroy: "uninstall,delete,del,un",
    fetch: "pull,fetch,repo,dependency,dep",
    run: "plugin,create,package",
    secret: "registry",
  },
  "terraform tofu terragrunt": {
    values: "-chdir",
    look: "plan,show,validate,graph,providers,version,state list,state show,workspace list,workspace show,-version,--version,metadata,modules",
    change: "fmt,init,get,providers lock,providers mirror,workspace new,workspace select",
    deploy:
      "apply,import,taint,untaint,refresh,state mv,state push,state replace-provider,force-unlock,run-all,test,cloud",
    destroy: "destroy,state rm,workspace delete",
    secret: "output,state pull,console,login,logout",
    turns: { "-destroy": "destroy", "--destroy": "destroy" },
    otherwise: "deploy",
  },
  pulumi: {
    values: "-s --stack -C --cwd",
    look: "preview,stack ls,stack graph,about,version,whoami,logs,plugin ls,history",
    deploy: "up,update,import,refresh,new,deployment",
    destroy: "destroy,stack rm,cancel,state delete",
    secret: "config,stack output,stack export,login,logout",
  },
  "ansible ansible-playbook": { otherwise: "deploy" },
  "ansible-vault": { otherwise: "secret" },
  "serverless sls sam cdk amplify firebase vercel netlify fly flyctl heroku wrangler railway render eb copilot": {
    look: "--version,version,help,list,ls,status,logs,info,whoami,diff,synth,synthesize,validate,print,apps,releases,inspect",
    destroy: "remove,destroy,delete,rm,apps destroy,apps:destroy,project rm",
    secret: "login,logout,secrets,env,config,auth,tokens",
    run: "dev,serve,invoke local,local,build,start,emulators:start",
    otherwise: "deploy",
  },
  aws: {
    verbs: true,
    values:
      "--region --profile --output --query --endpoint-url --cli-read-timeout --cli-connect-timeout --color --ca-bundle",
    look: "help,--version,configure list,s3 ls,s3api list-buckets",
    destroy: "s3 rm,s3 rb,s3 mv",
    deploy: "s3 cp,s3 sync,s3 mb,s3 website",
    secret:
      "configure,sso,secretsmanager,ssm,kms,sts,iam create-access-key,ecr get-login-password,eks get-token,codeartifact get-authorization-token",
    otherwise: "deploy",
  },
  "gcloud bq gsutil": {
    verbs: true,
    values: "--project --account --configuration --format --zone --region --verbosity --filter --limit -p",
    look: "info,version,help,config list,ls,du,stat,cat,head,show,--version",
    destroy: "rm,rb",
    secret: "auth,secrets,iam service-accounts keys,config",
    otherwise: "deploy",
  },
  az: {
    verbs: true,
    values: "--subscription -o --output --query",
    look: "version,help,account show,account list,--version,find",
    secret: "login,logout,keyvault,account get-access-token,ad sp,acr credential,storage account keys",
    otherwise: "deploy",
  },
  "doctl linode-cli hcloud scw oci ibmcloud exo civo": {
    verbs: true,
    look: "version,help",
    secret: "auth",
    otherwise: "deploy",
  },
  gh: {
    remote: true,
    values: "-R --repo --hostname",
    look: "pr list,pr view,pr status,pr diff,pr checks,issue list,issue view,issue status,repo view,repo list,run list,run view,run watch,workflow list,workflow view,release list,release view,search,status,browse,gist list,gist view,label list,cache list,ruleset list,ruleset view,ruleset check,org list,project list,project view,variable list,--version,version,help,auth status,extension list,alias list,config list,config get,ssh-key list,attestation verify,run download,release download",
    change:
      "pr create,pr edit,pr comment,pr review,pr ready,pr checkout,pr update-branch,pr reopen,pr close,issue create,issue edit,issue comment,issue close,issue reopen,issue develop,issue pin,issue unpin,gist create,gist edit,label create,label edit,label clone,repo clone,repo fork,repo sync,project item-add,project item-edit,project create,project edit",
    deploy:
      "pr merge,release create,release upload,release edit,workflow run,run rerun,repo create,repo edit,repo rename,repo set-default,workflow enable,workflow disable,variable set,deployment",
    destroy:
      "repo delete,repo archive,repo unarchive,release delete,release delete-asset,issue delete,gist delete,label delete,cache delete,run delete,run cancel,project delete,project item-delete,issue transfer,issue lock,pr lock,variable delete,codespace delete,repo deploy-key delete",
    secret: "auth,secret,ssh-key,gpg-key,repo deploy-key,codespace",
    install: "extension,alias,copilot",
    otherwise: "deploy",
  },
  glab: {
    remote: true,
    look: "mr list,mr view,mr diff,issue list,issue view,repo view,ci list,ci view,ci status,version,help,release list,release view",
    change: "mr create,mr update,mr note,mr checkout,mr approve,issue create,issue note,issue update",
    destroy: "repo delete,mr delete,issue delete,release delete,ci delete",
    secret: "auth,variable,ssh-key,token",
    otherwise: "deploy",
  },
  "vault bao consul nomad": {
    look: "status,version,-version,--version,help",
    destroy: "delete,secrets disable,auth disable,job stop,kv delete,kv destroy",
    otherwise: "secret",
  },
  "psql mysql mariadb sqlite3 mongosh mongo redis-cli sqlcmd clickhouse-client duckdb cqlsh usql pgcli mycli sqlplus": {
    look: "--version,-V,--help",
    otherwise: "opaque",
  },
  // Their options and scripts run shell commands and code.
  "vi vim nvim view ex ed emacs nano gdb lldb jdb pdb screen expect ftp lftp m4 gnuplot octave maxima": {
    look: "--version,--help",
    otherwise: "opaque",
  },
  tmux: {
    look: "ls,list-sessions,list-windows,list-panes,has-session,has,capture-pane,show-options,-V",
    otherwise: "opaque",
  },
  "pg_dump pg_dumpall mysqldump mongodump": { otherwise: "secret" },
  "dropdb dropuser pg_restore mongorestore mysqladmin createdb createuser pg_ctl": { otherwise: "destroy" },
  "prisma sequelize knex typeorm drizzle-kit alembic flyway liquibase dbmate goose migrate rails rake artisan manage.py django-admin":
    {
      look: "--version,version,status,validate,format,current,history,routes,stats,check,migrate status,db:migrate:status",
      destroy:
        "migrate reset,db:drop,db:reset,db drop,flush,clean,downgrade,down,drop,db push,db:schema:load,migrate:fresh,migrate:reset,db:wipe",
      otherwise: "run",
    },
  "mise asdf rtx": {
    look: "list,ls,current,which,where,--version,version,doctor,env",
    install: "install,use,uninstall,upgrade,global,local,plugin,plugins,prune,add",
    wrap: "exec,x",
  },
  direnv: { look: "status,version,help,export", secret: "allow,edit,grant,permit", run: "exec,reload" },
  "pre-commit husky lefthook": {
    look: "--version",
    run: "run,validate-config",
    install: "install,uninstall,autoupdate,add",
  },
  hg: {
    look: "status,log,diff,cat,annotate,branches,tags,heads,summary,id,manifest,files,grep,st,blame,help,version,paths,root",
    deploy: "push",
    otherwise: "change",
  },
  svn: {
    look: "status,log,diff,cat,info,list,ls,blame,help,st,propget,proplist",
    destroy: "delete,rm",
    deploy: "commit,ci",
    otherwise: "change",
  },
};

export const TOOL_TABLES: ReadonlyMap<string, ToolTable> = new Map(
  Object.entries(ROWS).flatMap(([names, row]) => {
    const table = toTable(row);
    return names.split(" ").map((name): [string, ToolTable] => [name, table]);
  }),
);

function toTable(row: Row): ToolTable {
  const outcomes = new Map<string, ToolOutcome>();
  for (const outcome of OUTCOMES) {
    for (const words of (row[outcome] ?? "").split(",")) {
      if (words !== "") outcomes.set(words, outcome);
    }
  }
  return {
    values: optionSet(row.values ?? ""),
    outcomes,
    otherwise: row.otherwise ?? "run",
    turns: row.turns ?? {},
    verbs: row.verbs ?? false,
    remote: row.remote ?? false,
    secretWords: row.secretWords,
  };
}
