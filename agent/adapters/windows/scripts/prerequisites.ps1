# prerequisites.ps1, version 1. What the server is, by the names of deploy/prerequisites. A value that is
# looked for and not there is null; one that cannot be looked for here is left out, which is no pass.

function Add-BatonRegistry {
    param(
        $Record,
        [string] $Name,
        [string] $Path,
        [string] $Value
    )

    $Record[$Name] = Format-BatonValue -Value (Get-BatonRegistryValue -Path $Path -Name $Value)
}

function Add-BatonSystem {
    param(
        $Record
    )

    $current = 'HKLM:\SOFTWARE\Microsoft\Windows NT\CurrentVersion'
    Add-BatonRegistry -Record $Record -Name 'os.name' -Path $current -Value 'ProductName'
    Add-BatonRegistry -Record $Record -Name 'os.installation' -Path $current -Value 'InstallationType'
    Add-BatonRegistry -Record $Record -Name 'os.edition' -Path $current -Value 'EditionID'
    $build = Get-BatonRegistryValue -Path $current -Name 'CurrentBuildNumber'
    if ($null -ne $build) {
        $Record['os.build'] = [int] $build
    }
    $framework = 'HKLM:\SOFTWARE\Microsoft\NET Framework Setup\NDP\v4\Full'
    Add-BatonRegistry -Record $Record -Name 'dotnet.release' -Path $framework -Value 'Release'
    $engine = 'HKLM:\SOFTWARE\Microsoft\PowerShell\3\PowerShellEngine'
    Add-BatonRegistry -Record $Record -Name 'powershell.version' -Path $engine -Value 'PowerShellVersion'
    $Record['powershell.execution_policy'] = (Get-ExecutionPolicy -Scope 'LocalMachine').ToString()
    $transcription = 'HKLM:\SOFTWARE\Policies\Microsoft\Windows\PowerShell\Transcription'
    Add-BatonRegistry -Record $Record -Name 'powershell.transcription' -Path $transcription -Value 'EnableTranscripting'
    $fips = 'HKLM:\SYSTEM\CurrentControlSet\Control\Lsa\FipsAlgorithmPolicy'
    Add-BatonRegistry -Record $Record -Name 'fips.enabled' -Path $fips -Value 'Enabled'
}

function Add-BatonTls {
    param(
        $Record
    )

    $protocol = 'HKLM:\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols\TLS 1.2'
    $client = "$protocol\Client"
    $server = "$protocol\Server"
    Add-BatonRegistry -Record $Record -Name 'tls12.client.enabled' -Path $client -Value 'Enabled'
    Add-BatonRegistry -Record $Record -Name 'tls12.client.disabled_by_default' -Path $client -Value 'DisabledByDefault'
    Add-BatonRegistry -Record $Record -Name 'tls12.server.enabled' -Path $server -Value 'Enabled'
    Add-BatonRegistry -Record $Record -Name 'tls12.server.disabled_by_default' -Path $server -Value 'DisabledByDefault'
    $net64 = 'HKLM:\SOFTWARE\Microsoft\.NETFramework\v4.0.30319'
    $net32 = 'HKLM:\SOFTWARE\WOW6432Node\Microsoft\.NETFramework\v4.0.30319'
    Add-BatonRegistry -Record $Record -Name 'tls12.net64.system_default' -Path $net64 -Value 'SystemDefaultTlsVersions'
    Add-BatonRegistry -Record $Record -Name 'tls12.net64.strong_crypto' -Path $net64 -Value 'SchUseStrongCrypto'
    Add-BatonRegistry -Record $Record -Name 'tls12.net32.system_default' -Path $net32 -Value 'SystemDefaultTlsVersions'
    Add-BatonRegistry -Record $Record -Name 'tls12.net32.strong_crypto' -Path $net32 -Value 'SchUseStrongCrypto'
}

# The permissions' own bytes are nobody's business: that they are set is the question.
function Add-BatonDcom {
    param(
        $Record
    )

    $key = 'HKLM:\SOFTWARE\Microsoft\Ole'
    $names = @{
        'dcom.machine_access_restriction' = 'MachineAccessRestriction'
        'dcom.machine_launch_restriction' = 'MachineLaunchRestriction'
        'dcom.default_launch_permission' = 'DefaultLaunchPermission'
    }
    foreach ($name in $names.Keys) {
        $Record[$name] = $null
        if ($null -ne (Get-BatonRegistryValue -Path $key -Name $names[$name])) {
            $Record[$name] = 'set'
        }
    }
}

function Add-BatonMachine {
    param(
        $Record
    )

    $computer = Get-CimInstance -ClassName 'Win32_ComputerSystem'
    $Record['machine.domain_joined'] = [bool] $computer.PartOfDomain
    $Record['memory.mib'] = [long] [Math]::Floor($computer.TotalPhysicalMemory / 1mb)
    $speed = 0
    foreach ($processor in (Get-CimInstance -ClassName 'Win32_Processor')) {
        if ($processor.MaxClockSpeed -gt $speed) {
            $speed = $processor.MaxClockSpeed
        }
    }
    if ($speed -gt 0) {
        $Record['cpu.mhz'] = [long] $speed
    }
    $drive = (Get-BatonValue -Object (Get-CimInstance -ClassName 'Win32_OperatingSystem') -Name 'SystemDrive')
    foreach ($disk in (Get-CimInstance -ClassName 'Win32_LogicalDisk')) {
        if ($disk.DeviceID -eq $drive) {
            $Record['disk.gb'] = [long] [Math]::Floor($disk.Size / 1000000000)
        }
    }
    $ipv4 = $false
    foreach ($adapter in (Get-CimInstance -ClassName 'Win32_NetworkAdapterConfiguration')) {
        foreach ($address in $adapter.IPAddress) {
            if ($address -like '*.*.*.*' -and $address -notlike '169.254.*') {
                $ipv4 = $true
            }
        }
    }
    $Record['network.ipv4'] = $ipv4
}

# A rename that waits for a restart. That there was none before cannot be seen, and is not claimed.
function Add-BatonName {
    param(
        $Record
    )

    $names = 'HKLM:\SYSTEM\CurrentControlSet\Control\ComputerName'
    $active = Get-BatonRegistryValue -Path "$names\ActiveComputerName" -Name 'ComputerName'
    $next = Get-BatonRegistryValue -Path "$names\ComputerName" -Name 'ComputerName'
    $Record['machine.name'] = Format-BatonValue -Value $active
    if ($null -ne $active -and $null -ne $next -and $active -ne $next) {
        $Record['machine.renamed'] = $true
    }
}

function Add-BatonDirectory {
    param(
        $Record
    )

    $root = [adsi] 'LDAP://RootDSE'
    $schema = [adsi] "LDAP://$($root.schemaNamingContext)"
    $Record['ad.schema_version'] = [int] [string] $schema.objectVersion
    $Record['ad.forest_level'] = [int] [string] $root.forestFunctionality
    $partitions = [adsi] "LDAP://CN=Partitions,$($root.configurationNamingContext)"
    $dotted = $false
    foreach ($reference in $partitions.Children) {
        if ([string] $reference.nETBIOSName -like '*.*') {
            $dotted = $true
        }
    }
    $Record['ad.netbios_dotted'] = $dotted
}

function Add-BatonNamespace {
    param(
        $Record
    )

    $key = 'HKLM:\SYSTEM\CurrentControlSet\Services\Tcpip\Parameters'
    $suffix = Get-BatonRegistryValue -Path $key -Name 'NV Domain'
    $computer = Get-CimInstance -ClassName 'Win32_ComputerSystem'
    if ($null -ne $suffix -and $computer.PartOfDomain) {
        $Record['ad.disjoint_namespace'] = ($suffix -ne $computer.Domain)
    }
}

function Add-BatonProxy {
    param(
        $Record
    )

    $path = Join-Path -Path $env:windir -ChildPath 'Microsoft.NET\Framework64\v4.0.30319\Config\machine.config'
    if (-not (Test-Path -LiteralPath $path)) {
        return
    }
    $config = [xml] (Get-Content -LiteralPath $path)
    $proxy = $config.SelectSingleNode('/configuration/system.net/defaultProxy')
    $Record['proxy.machine'] = $null
    $Record['proxy.default_credentials'] = $false
    if ($null -eq $proxy) {
        return
    }
    $Record['proxy.default_credentials'] = ($proxy.GetAttribute('useDefaultCredentials') -eq 'true')
    $address = $proxy.SelectSingleNode('proxy/@proxyaddress')
    if ($null -ne $address) {
        $Record['proxy.machine'] = $address.Value
    }
}

function Add-BatonProduct {
    param(
        $Record
    )

    $key = 'HKLM:\SOFTWARE\Microsoft\Azure AD Connect'
    $wizard = Get-BatonRegistryValue -Path $key -Name 'WizardPath'
    $service = Test-Path -LiteralPath 'HKLM:\SYSTEM\CurrentControlSet\Services\ADSync'
    $Record['product.version'] = $null
    if ($null -ne $wizard -and (Test-Path -LiteralPath $wizard)) {
        $version = (Get-ItemProperty -LiteralPath $wizard).VersionInfo
        $Record['product.class'] = 'connect'
        $first = "$($version.FileMajorPart).$($version.FileMinorPart)"
        $Record['product.version'] = "$first.$($version.FileBuildPart).$($version.FilePrivatePart)"
        $Record['install.version'] = $Record['product.version']
    }
    elseif ($service) {
        $Record['product.class'] = 'aadsync'
    }
    else {
        $Record['product.class'] = 'none'
    }
    if (-not $service) {
        $Record['sql.edition'] = $null
        return
    }
    $parameters = 'HKLM:\SYSTEM\CurrentControlSet\Services\ADSync\Parameters'
    $server = [string] (Get-BatonRegistryValue -Path $parameters -Name 'Server')
    if ($server -like '(localdb)*') {
        $Record['sql.edition'] = 'local'
    }
    elseif ($server -ne '') {
        $Record['sql.edition'] = 'full'
    }
}

# One group that cannot be read leaves out its own values, and no more.
function Get-BatonPrerequisites {
    $record = [ordered] @{}
    try {
        Add-BatonSystem -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonTls -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonDcom -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonMachine -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonName -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonDirectory -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonNamespace -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonProxy -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonProduct -Record $record
    }
    catch {
        $null = $_
    }
    try {
        Add-BatonCensus -Record $record
    }
    catch {
        $null = $_
    }
    return $record
}
