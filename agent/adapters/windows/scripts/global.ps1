# global.ps1, version 1. The server's own settings, as names and values.

function Get-BatonGlobal {
    Import-BatonModule
    $settings = Get-ADSyncGlobalSettings
    foreach ($parameter in $settings.Parameters) {
        if ($parameter.Name -notlike 'Microsoft.*') {
            continue
        }
        [ordered] @{
            'Name' = $parameter.Name
            'Value' = [string] $parameter.Value
        }
    }
}
