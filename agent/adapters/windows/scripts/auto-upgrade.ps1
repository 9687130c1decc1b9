# auto-upgrade.ps1, version 1. "Enabled", "Disabled" or "Suspended".

function Get-BatonAutoUpgrade {
    Import-BatonModule
    $state = Get-ADSyncAutoUpgrade
    return $state.ToString()
}
